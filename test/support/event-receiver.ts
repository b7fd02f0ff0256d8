import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One webhook as it arrived. */
export interface ReceivedEvent {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  /** The exact bytes. */
  readonly body: string;
  readonly type: string;
  readonly data: {
    readonly refund: {
      readonly id: string;
      readonly version: number;
      readonly status: string;
      readonly [field: string]: unknown;
    };
  };
}

/** Writes an answer: a status alone, or whatever the function does with the response. */
export type Answer = number | ((response: ServerResponse, event: ReceivedEvent) => void);

/** An integrator's server, on a free port of this machine. */
export interface EventReceiver {
  readonly url: string;
  /** Everything that arrived, in the order of arrival. */
  readonly received: ReceivedEvent[];
  /** What was answered with 2xx by a number, in the order of the answers. */
  readonly accepted: ReceivedEvent[];
  /** How every webhook is answered from now on; 204 at first. */
  answer: (event: ReceivedEvent) => Answer;
  close(): Promise<void>;
}

export async function startEventReceiver(): Promise<EventReceiver> {
  const received: ReceivedEvent[] = [];
  const accepted: ReceivedEvent[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const event: ReceivedEvent = {
        id: String(request.headers['webhook-id']),
        headers: request.headers,
        path: request.url ?? '',
        body,
        ...(JSON.parse(body) as Pick<ReceivedEvent, 'type' | 'data'>),
      };
      received.push(event);
      const answer = receiver.answer(event);
      if (typeof answer === 'function') return answer(response, event);
      if (answer >= 200 && answer < 300) accepted.push(event);
      response.writeHead(answer).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: EventReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    received,
    accepted,
    answer: () => 204,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
