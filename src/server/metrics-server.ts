import { createServer } from 'node:http';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { errorAnswer, writeAnswer, type Answer } from './answer.ts';
import type { MetricsPage } from './metrics.ts';

/** A scrape is small and comes from inside: who takes longer is cut off, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

export interface MetricsServer {
  readonly port: number;
  /** Cuts off whoever is connected. */
  close(): Promise<void>;
}

/** `/metrics` at a port of its own and nothing else: for a worker, and to keep it off the port of the API. */
export async function listenForMetrics(
  page: MetricsPage,
  { host, port, log }: { readonly host: string; readonly port: number; readonly log: Logger },
): Promise<MetricsServer> {
  const http = createServer({ headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  http.maxConnections = MAX_CONNECTIONS;
  http.on('request', (request, response) => {
    response.on('error', () => undefined);
    request.resume();
    void answerTo(request.method ?? '', request.url ?? '')
      .catch((error: unknown) => {
        log.error({ err: error }, 'the metrics could not be shown');
        return errorAnswer(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong on our side.');
      })
      .then((answer) => {
        writeAnswer(request, response, answer);
        response.end();
      });
  });

  async function answerTo(method: string, target: string): Promise<Answer> {
    if (target.split('?', 1)[0] !== '/metrics')
      return errorAnswer(404, 'NOT_FOUND', 'There is nothing at this path. Metrics are at /metrics.');
    if (method !== 'GET' && method !== 'HEAD')
      return errorAnswer(405, 'METHOD_NOT_ALLOWED', 'Use GET, HEAD.', { allow: 'GET, HEAD' });
    return page.answer();
  }

  http.listen(port, host);
  await once(http, 'listening');
  http.on('error', (error) => log.error({ err: error }, 'the server of the metrics failed'));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new TypeError('Not listening on a port.');
  log.info({ port: address.port }, 'metrics are served');
  return {
    port: address.port,
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
