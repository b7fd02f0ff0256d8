import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoggedRequest } from '../support/rules.ts';
import { playToyControl, type Fault } from './toy-control.ts';
import { refusal, ToyBooks, type Answer } from './toy-books.ts';

export const TOKEN = 'toy-secret-token';

export interface ToyBank {
  readonly url: string;
  /** The calls of the sandbox's control API that a test needs, with the same words. */
  control(path: string, body?: unknown, method?: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Call {
  readonly operation: 'createRefund' | 'getPayment' | 'getRefund' | null;
  readonly run: () => Answer;
}

/** A provider that nobody has ever heard of, over JSON and HTTP. */
export async function startToyBank(): Promise<ToyBank> {
  let offsetSeconds = 0;
  const books = new ToyBooks(() => new Date(Date.now() + offsetSeconds * 1000));
  const faults: Fault[] = [];
  const requests: LoggedRequest[] = [];

  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => serve(incoming, outgoing, body));
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse, body: string): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const key = String(headers['operation-key'] ?? '');
    const { operation, run } = understand(method, url, key, body);
    const fault = faults.find((each) => each.operation === '*' || each.operation === operation);
    if (fault !== undefined) faults.splice(faults.indexOf(fault), 1);
    const isKnown = headers.authorization === `Token ${TOKEN}`;
    const answer = isKnown ? (before(fault) ?? run()) : refusal(401, 'bad_token');
    const { status, effect } = answer;
    requests.push({
      seq: requests.length + 1,
      operation,
      path: url,
      providerKey: key === '' ? null : key,
      headers: {},
      bodyHash: createHash('sha256').update(body).digest('hex'),
      status,
      effect,
    });
    // It is in the log as soon as it has arrived.
    if (fault?.kind === 'slow') await delay(fault.ms ?? 100);
    deliver(outgoing, fault, answer);
  }

  function understand(method: string, url: string, key: string, body: string): Call {
    const [, payment, refund, creates] =
      /^(?:\/payments\/(\w+)|\/refunds\/(\w+))(\/refunds)?$/.exec(url) ?? [];
    if (method === 'POST' && payment !== undefined && creates !== undefined)
      return { operation: 'createRefund', run: () => books.createRefund(payment, key, body) };
    if (method === 'GET' && payment !== undefined && creates === undefined)
      return { operation: 'getPayment', run: () => books.readPayment(payment) };
    if (method === 'GET' && refund !== undefined)
      return { operation: 'getRefund', run: () => books.readRefund(refund) };
    return { operation: null, run: () => refusal(404, 'no_such_path') };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    control: async (path, body, method = body === undefined ? 'GET' : 'POST') =>
      playToyControl(
        { books, faults, requests, moveClock: (by) => (offsetSeconds += by) },
        method,
        path,
        body,
      ),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const garbage = {
  html: '<html>moved</html>',
  text: 'upstream request failed',
  empty: '',
  gateway: '{"message":"no Route"}',
  hollow: '{}',
} as const;

/** What happens instead of the call; undefined where it is executed. */
function before(fault: Fault | undefined): Answer | undefined {
  switch (fault?.kind) {
    case 'lost-before-effect':
      return { status: 0, body: {}, effect: false };
    case 'error-before-effect':
      return refusal(500, 'oops');
    case 'rate-limited':
      return refusal(429, 'slow_down');
    case 'unauthorized':
    case 'forbidden':
      return refusal(401, 'bad_token');
    case 'key-conflict':
      return refusal(409, 'key_taken');
    case 'key-in-progress':
      return refusal(409, 'key_running');
    case 'busy':
      return refusal(409, 'busy');
    case 'proxy-says-no':
      return { status: 404, body: { page: 'not ours' }, effect: false };
    case 'garbage':
      return fault.effect === false ? { status: 0, body: {}, effect: false } : undefined;
    default:
      return undefined;
  }
}

/** What the network, or the provider's mood, makes of an answer. */
function deliver(outgoing: ServerResponse, fault: Fault | undefined, { status, body }: Answer): void {
  const json = JSON.stringify({
    ...body,
    ...(fault?.kind === 'unknown-status' ? { status: 'dancing' } : {}),
    ...(fault?.kind === 'wrong-amount' ? { amount: 1 } : {}),
  });
  switch (fault?.kind) {
    case 'lost-before-effect':
    case 'lost-after-effect':
      outgoing.destroy();
      break;
    case 'error-after-effect':
      outgoing.writeHead(500).end('{"error":{"code":"oops"}}');
      break;
    case 'cut-body':
      outgoing.writeHead(status, { 'content-length': json.length });
      outgoing.write(json.slice(0, json.length / 2), () => outgoing.destroy());
      break;
    case 'garbage':
      outgoing.writeHead(fault.status ?? 200).end(garbage[fault.format ?? 'html']);
      break;
    case 'hang':
      break;
    case 'rate-limited':
      outgoing.writeHead(
        status,
        fault.retryAfterMs === undefined ? {} : { 'retry-after': String(fault.retryAfterMs / 1000) },
      );
      outgoing.end(json);
      break;
    default:
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(json);
  }
}
