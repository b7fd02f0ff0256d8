import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Provider } from './providers.ts';

/** What became of the webhooks of one provider; one that is repeated counts each time. */
export interface Deliveries {
  sent: number;
  /** Answered by 2xx. */
  acknowledged: number;
  /** Answered by anything else. */
  refused: number;
  /** Whom they were sent to was down, stopped, or fell over them. */
  unanswered: number;
  forged: number;
  forgedAcknowledged: number;
}

/** Headers that belong to one connection, or are made anew. */
const ofConnection = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);

/**
 * Passes webhooks on to the APIs as they are, and counts them: the provider's own count dies with its process. Its
 * addresses say who sends to whom, and whether that is a lie.
 */
export class WebhookRelay {
  readonly counts = new Map<Provider, Deliveries>();
  readonly #targets: readonly string[];
  readonly #server: Server;

  private constructor(targets: readonly string[]) {
    this.#targets = targets;
    this.#server = createServer((request, response) => void this.#pass(request, response));
  }

  /** @param targets base URLs of the APIs */
  static async start(targets: readonly string[]): Promise<WebhookRelay> {
    const relay = new WebhookRelay(targets);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  /** For the control API, which puts the account's code in. */
  urlFor(provider: Provider, api: number, forged: boolean): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${provider}/${forged ? 'forged' : 'true'}/${api}/webhooks/{account}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, provider, kind, api, ...path] = (request.url ?? '').split('/');
    const counts = this.#countsOf(provider as Provider);
    counts.sent += 1;
    if (kind === 'forged') counts.forged += 1;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const body = await bodyOf(request);
      const answer = await fetch(`${this.#targets[Number(api)]}/${path.join('/')}`, {
        method: request.method ?? 'POST',
        headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
          ofConnection.has(name) || value === undefined ? [] : [[name, String(value)]],
        ),
        body,
        redirect: 'manual',
        signal: gone.signal,
      });
      const text = await answer.text();
      counts[answer.ok ? 'acknowledged' : 'refused'] += 1;
      if (answer.ok && kind === 'forged') counts.forgedAcknowledged += 1;
      response.writeHead(answer.status).end(text);
    } catch {
      counts.unanswered += 1;
      response.destroy();
    }
  }

  #countsOf(provider: Provider): Deliveries {
    const none = { sent: 0, acknowledged: 0, refused: 0, unanswered: 0, forged: 0, forgedAcknowledged: 0 };
    const counts = this.counts.get(provider) ?? none;
    this.counts.set(provider, counts);
    return counts;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
