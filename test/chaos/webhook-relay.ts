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

/** A webhook that was answered by 2xx. */
export interface Acknowledged {
  readonly provider: Provider;
  readonly account: string;
  /** Its body; of a token what it says. */
  readonly text: string;
}

/**
 * Passes webhooks on to the APIs as they are, and counts them: the provider's own count dies with its process. Its
 * addresses say who sends to whom, and whether that is a lie.
 */
export class WebhookRelay {
  readonly counts = new Map<Provider, Deliveries>();
  /** True ones, each once. */
  readonly acknowledged = new Map<string, Acknowledged>();
  readonly #targets: readonly string[];
  readonly #idOf: (account: string) => Promise<string>;
  readonly #server: Server;

  private constructor(targets: readonly string[], idOf: (account: string) => Promise<string>) {
    this.#targets = targets;
    this.#idOf = idOf;
    this.#server = createServer((request, response) => void this.#pass(request, response));
  }

  /**
   * @param targets base URLs of the APIs
   * @param idOf what stands for an account in its URL
   */
  static async start(
    targets: readonly string[],
    idOf: (account: string) => Promise<string>,
  ): Promise<WebhookRelay> {
    const relay = new WebhookRelay(targets, idOf);
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
    const [, name, kind, api, , account = '', ...rest] = (request.url ?? '').split('/');
    const provider = name as Provider;
    const counts = this.#countsOf(provider);
    counts.sent += 1;
    if (kind === 'forged') counts.forged += 1;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const body = await bodyOf(request);
      const path = ['webhooks', await this.#idOf(account), ...rest].join('/');
      const answer = await fetch(`${this.#targets[Number(api)]}/${path}`, {
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
      else if (answer.ok) this.#remember({ provider, account, text: saidBy(body.toString('utf8')) });
      response.writeHead(answer.status).end(text);
    } catch {
      counts.unanswered += 1;
      response.destroy();
    }
  }

  #remember(webhook: Acknowledged): void {
    this.acknowledged.set(`${webhook.account} ${webhook.text}`, webhook);
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

/** What a token says, without its header and signature; anything else as it is. */
function saidBy(body: string): string {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(body) ?? [];
  return payload === undefined ? body : Buffer.from(payload, 'base64url').toString('utf8');
}
