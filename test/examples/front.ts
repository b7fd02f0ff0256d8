import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came in, and what it was answered. */
export interface Exchange {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly answerHeaders: Headers;
  readonly text: string;
}

/** An answer that does not come from the service. */
export interface PlannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What stands between clients and a service: a load balancer that goes on while the service behind it does not. */
export interface Front {
  readonly url: string;
  readonly exchanges: Exchange[];
  /** Connections that were cut, because there was no service. */
  cuts(): number;
  /** Leads there from now on; undefined: nowhere. */
  leadTo(url: string | undefined): void;
  /** Answers the next requests itself. */
  answerNext(...answers: readonly PlannedAnswer[]): void;
  close(): Promise<void>;
}

export async function startFront(target: string): Promise<Front> {
  let behind: string | undefined = target;
  let cuts = 0;
  const planned: PlannedAnswer[] = [];
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://front');
    const answer = async (): Promise<Response> => {
      const own = planned.shift();
      if (own !== undefined)
        return new Response(own.body === undefined ? null : JSON.stringify(own.body), {
          status: own.status,
          headers: own.headers ?? {},
        });
      if (behind === undefined) throw new Error('There is no service.');
      const { authorization = '', accept = '', 'if-none-match': tag } = request.headers;
      return fetch(behind + (request.url ?? ''), {
        headers: { authorization, accept, ...(tag !== undefined && { 'if-none-match': tag }) },
      });
    };
    answer()
      .then(async (given) => {
        const text = await given.text();
        const { status, headers: answerHeaders } = given;
        exchanges.push({ url, headers: request.headers, status, answerHeaders, text });
        const passed = [...answerHeaders].filter(
          ([name]) => !/^(content-length|connection|keep-alive|transfer-encoding)$/.test(name),
        );
        response.writeHead(status, Object.fromEntries(passed));
        response.end(text);
      })
      .catch(() => {
        cuts += 1;
        request.socket.destroy();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    exchanges,
    cuts: () => cuts,
    leadTo: (url) => {
      behind = url;
    },
    answerNext: (...answers) => void planned.push(...answers),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
