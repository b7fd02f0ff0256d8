import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request to a merchant's server. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** The exact bytes. */
  raw: string;
}

/** A merchant's server: keeps what arrives and answers the next of `statuses`, then 200. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  statuses: number[];
  close(): void;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        path: request.url ?? '',
        headers: request.headers,
        raw: Buffer.concat(chunks).toString('utf8'),
      });
      response.statusCode = statuses.shift() ?? 200;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/{account}`,
    received,
    statuses,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
