import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request to a merchant's server. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** The exact bytes. */
  raw: string;
}

/** A merchant's server: keeps what arrives and answers the next of `statuses`, then 200, with the text of `answer`. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  statuses: number[];
  close(): void;
}

export async function startReceiver(
  answer: (request: Received) => string = () => '',
): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const arrived: Received = {
        path: request.url ?? '',
        headers: request.headers,
        raw: Buffer.concat(chunks).toString('utf8'),
      };
      received.push(arrived);
      response.statusCode = statuses.shift() ?? 200;
      response.end(answer(arrived));
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
