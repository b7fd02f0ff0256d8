import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Viewer } from '../context.ts';
import type { Metrics } from '../metrics.ts';
import { withLogContext } from '../request-context.ts';
import { logAccess, newRecord, type RequestRecord } from './access-log.ts';
import { errorAnswer, writeAnswer, type Answer } from './answer.ts';
import { unauthenticated, type Authenticate } from './authenticate.ts';
import { isJson, notJson } from './content-type.ts';
import { isOpenedAlone, isSentByAnotherSite, sentByAnotherSite } from './cross-site.ts';
import { demoClock, type SetClockOffset } from './demo-clock.ts';
import { wantsGraphiql } from './graphiql.ts';
import type { GraphqlHandler } from './graphql.ts';
import { live, type Readiness } from './health.ts';
import { overloaded, type InFlight, type Visit } from './in-flight.ts';
import type { MetricsPage } from './metrics.ts';
import { bodyTooLarge, endAfterDiscarding, readBody } from './read-body.ts';
import { requestIdOf } from './request-id.ts';
import { requestOutcomeOf, requestTypeOf } from './request-outcome.ts';
import { WEBHOOKS_PATH, type WebhookEndpoint } from './webhooks.ts';

export interface HandlerDeps {
  readonly log: Logger;
  readonly graphql: GraphqlHandler;
  readonly authenticate: Authenticate;
  readonly readiness: Readiness;
  readonly inFlight: InFlight;
  readonly metrics: Metrics;
  /** Absent: served at another port. */
  readonly metricsPage: MetricsPage | undefined;
  /** Whether browsers get GraphiQL at `/graphql`, without a key. */
  readonly hasGraphiql: boolean;
  /** Present in demo and test mode only. */
  readonly setClockOffset: SetClockOffset | undefined;
  /** Absent: there are no webhook URLs. */
  readonly webhooks: WebhookEndpoint | undefined;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Every request: its id, its route, its answer, its line in the log. */
export function createRequestHandler(deps: HandlerDeps): RequestHandler {
  return (request, response) => {
    const startedMs = performance.now();
    const requestId = requestIdOf(request);
    const path = pathOf(request);
    const record = newRecord();
    response.setHeader('x-request-id', requestId);
    response.on('error', () => undefined);
    const { webhooks } = deps;
    if (webhooks !== undefined && path.startsWith(WEBHOOKS_PATH))
      return withLogContext({ requestId }, () => void webhookRoute(webhooks, request, response, path));
    if (path === '/graphql') deps.metrics.graphqlStarted();
    withLogContext({ requestId }, () => {
      response.once('close', () => {
        const durationMs = performance.now() - startedMs;
        const { statusCode: status, writableFinished: complete } = response;
        const line = { method: request.method ?? '', path, status, durationMs, complete };
        logAccess(deps.log, line, record);
        if (path === '/graphql')
          deps.metrics.graphqlAnswered({
            type: requestTypeOf(record),
            outcome: requestOutcomeOf(line, record),
            durationMs,
          });
      });
      void respond(deps, { request, response, path, requestId, record });
    });
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly requestId: string;
  readonly record: RequestRecord;
}

async function respond(deps: HandlerDeps, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  let answer: Answer;
  try {
    answer = await route(deps, exchange);
  } catch (error) {
    deps.log.error({ err: error }, 'a request handler failed');
    answer = errorAnswer(
      500,
      'INTERNAL_SERVER_ERROR',
      'Something went wrong on our side. Tell us the request id.',
    );
  }
  if (!response.destroyed) await end(request, response, answer);
}

async function end(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  writeAnswer(request, response, answer);
  if (answer.headers['connection'] === 'close') await endAfterDiscarding(request, response);
  else response.end();
}

async function route(deps: HandlerDeps, exchange: Exchange): Promise<Answer> {
  const { request, path } = exchange;
  switch (path) {
    case '/graphql':
      return graphqlRoute(deps, exchange);
    case '/live':
      return isRead(request) ? live() : notAllowed('GET, HEAD');
    case '/ready':
      return isRead(request) ? deps.readiness.ready() : notAllowed('GET, HEAD');
    case '/metrics':
      if (deps.metricsPage === undefined) break;
      return isRead(request) ? deps.metricsPage.answer() : notAllowed('GET, HEAD');
    case '/demo/clock':
      if (deps.setClockOffset !== undefined) return demoClock(request, deps.setClockOffset);
      break;
    default:
  }
  return errorAnswer(404, 'NOT_FOUND', 'There is nothing at this path. The API is at /graphql.');
}

/** Ends when the answer has left, or its sender has gone away. */
async function webhookRoute(
  webhooks: WebhookEndpoint,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const startedMs = performance.now();
  const { answer, record } = await webhooks.answer(request, path);
  if (!response.destroyed) {
    const closed = new Promise((resolve) => response.once('close', resolve));
    await end(request, response, answer);
    await closed;
  }
  const { method = '' } = request;
  const { statusCode: status, writableFinished: complete } = response;
  webhooks.answered({ method, status, durationMs: performance.now() - startedMs, complete }, record);
}

async function graphqlRoute(deps: HandlerDeps, exchange: Exchange): Promise<Answer> {
  const { request, record } = exchange;
  const isCrossSite = isSentByAnotherSite(request);
  if (deps.hasGraphiql && wantsGraphiql(request) && (!isCrossSite || isOpenedAlone(request)))
    return deps.graphql({ incoming: request, body: undefined, caller: undefined, record });
  if (isCrossSite) return sentByAnotherSite();
  if ((request.url ?? '').length > MAX_URL_CHARACTERS) return urlTooLong();
  const viewer = deps.authenticate(request.headers.authorization);
  if (viewer === undefined) return unauthenticated();
  record.viewer = viewer;
  if (request.method === 'POST' && !isJson(request)) return notJson();
  const visit = deps.inFlight.visit(viewer.merchantId);
  try {
    return await authenticated(deps, exchange, viewer, visit);
  } finally {
    visit.leave();
  }
}

async function authenticated(
  deps: HandlerDeps,
  { request, requestId, record }: Exchange,
  viewer: Viewer,
  visit: Visit,
): Promise<Answer> {
  const caller = { viewer, requestId };
  if (isRead(request)) {
    if (!visit.enter('working')) return overloaded();
    return deps.graphql({ incoming: request, body: undefined, caller, record });
  }
  if (!visit.enter('reading')) return overloaded();
  const read = await readBody(request);
  if (read.kind === 'too-large') return bodyTooLarge();
  if (read.kind === 'cut') return errorAnswer(400, 'BAD_REQUEST', 'The request was not sent to its end.');
  // Only now: otherwise a few callers who never end their bodies would hold every place.
  if (!visit.enter('working')) return overloaded();
  return deps.graphql({ incoming: request, body: read.bytes, caller, record });
}

/** What RFC 9110, section 4.1, asks of every recipient, and what proxies in front are likely to pass. */
const MAX_URL_CHARACTERS = 8_000;

const urlTooLong = (): Answer =>
  errorAnswer(
    414,
    'URI_TOO_LONG',
    `The URL has more than ${MAX_URL_CHARACTERS} characters. Send the operation by POST, or a persisted one.`,
  );

const isRead = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

const notAllowed = (allow: string): Answer =>
  errorAnswer(405, 'METHOD_NOT_ALLOWED', `Use ${allow}.`, { allow });

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).slice(0, 200);
}
