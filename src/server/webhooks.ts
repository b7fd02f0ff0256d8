import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { failpoint } from '../failpoints.ts';
import type { Metrics, WebhookResult } from '../metrics.ts';
import type { Connection, Connections } from '../providers/connections.ts';
import type { WebhookReceiver } from '../providers/webhook.ts';
import { takeWebhook, type WebhookTaking } from '../refunds/webhooks/take-webhook.ts';
import type { AccessLine } from './access-log.ts';
import { errorAnswer, type Answer } from './answer.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { createLogBudget, type LogBudget } from './log-budget.ts';
import { bodyTooLarge, readBody } from './read-body.ts';

/** In front of the unguessable part of each account's URL. */
export const WEBHOOKS_PATH = '/webhooks/';

/** Deliveries that may be verified and stored at a time, three quarters of them of one account. */
const WORKING_AT_MOST = 192;

/** What is known of a delivery when it ends. */
export interface WebhookRecord {
  /** Undefined: the path is of no account. */
  readonly account: string | undefined;
  readonly result: WebhookResult | 'unknown-path';
}

export interface WebhookEndpoint {
  /** @param path the request's, without the query */
  answer(request: IncomingMessage, path: string): Promise<{ answer: Answer; record: WebhookRecord }>;
  /** To be called when the answer has left, whatever it was. */
  answered(line: Omit<AccessLine, 'path'>, record: WebhookRecord): void;
  readonly inFlight: InFlight;
}

export interface WebhookEndpointDeps {
  readonly taking: WebhookTaking;
  readonly connections: Connections;
  readonly metrics: Metrics;
  /** Called when something new waits to be worked on, after its sender has its answer. */
  readonly onStored: () => void;
}

/** `POST /webhooks/{id}`: what providers tell by themselves. Its callers are known by their signatures only. */
export function createWebhookEndpoint(deps: WebhookEndpointDeps): WebhookEndpoint {
  const { taking, connections, metrics, onStored } = deps;
  const { log } = taking.world;
  const budget = createLogBudget();
  const inFlight = createInFlight(WORKING_AT_MOST);
  const byPath = new Map(
    connections.all().flatMap((connection) => {
      const { webhooks: receiver } = connection.adapter;
      const path = `${WEBHOOKS_PATH}${connection.webhookId}${receiver?.path ?? ''}`;
      return receiver === undefined ? [] : [[path, { connection, receiver }]];
    }),
  );

  return {
    inFlight,
    async answer(request, path) {
      const found = byPath.get(path);
      if (found === undefined)
        return { answer: nothingHere(), record: { account: undefined, result: 'unknown-path' } };
      const { connection, receiver } = found;
      const { accountCode: account } = connection;
      try {
        const { answer, result } = await receive(connection, receiver, request);
        return { answer, record: { account, result } };
      } catch (error) {
        log.error({ err: error, account }, 'a webhook could not be worked on');
        return { answer: failed(), record: { account, result: 'failed' } };
      }
    },
    answered(line, record) {
      const { account, result } = record;
      metrics.webhookAnswered(account, result);
      logWebhook(log, budget, line, record);
      if (result !== 'stored') return;
      failpoint('webhook.after-store');
      onStored();
    },
  };

  async function receive(connection: Connection, receiver: WebhookReceiver, request: IncomingMessage) {
    const method = receiver.methods.find((each) => each === request.method);
    if (method === undefined) return ending('malformed', notAllowed(receiver.methods));
    const visit = inFlight.visit(connection.accountId);
    try {
      if (!visit.enter('reading')) return ending('overloaded', notNow());
      const read = await readBody(request);
      if (read.kind === 'too-large') return ending('malformed', bodyTooLarge());
      if (read.kind === 'cut') return ending('malformed', cut());
      if (!visit.enter('working')) return ending('overloaded', notNow());
      const { result, answer } = await takeWebhook(taking, connection, receiver, {
        method,
        query: queryOf(request),
        headers: headersOf(request),
        body: read.bytes,
      });
      if (answer === undefined) return ending(result, notNow());
      const { status, contentType, body } = answer;
      return ending(result, { status, headers: { 'content-type': contentType }, body });
    } finally {
      visit.leave();
    }
  }
}

const ending = (result: WebhookResult, answer: Answer) => ({ result, answer });

const nothingHere = (): Answer => errorAnswer(404, 'NOT_FOUND', 'There is nothing at this path.');

const notAllowed = (methods: readonly string[]): Answer =>
  errorAnswer(405, 'METHOD_NOT_ALLOWED', 'Not with this method.', { allow: methods.join(', ') });

const cut = (): Answer => errorAnswer(400, 'BAD_REQUEST', 'The request was not sent to its end.');

const failed = (): Answer => errorAnswer(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong on our side.');

/** Every provider sends again what was not taken. */
const notNow = (): Answer =>
  errorAnswer(503, 'UNAVAILABLE', 'It cannot be taken now. Send it again.', { 'retry-after': '5' });

/**
 * The line of a webhook: whose it is and what became of it, and never the unguessable part of its path. Anybody can
 * send them, so that only some are written; the metrics count all.
 */
function logWebhook(
  log: Logger,
  budget: LogBudget,
  line: Omit<AccessLine, 'path'>,
  { account, result }: WebhookRecord,
): void {
  const leftOut = budget.spend(`${account ?? ''} ${result}`);
  if (leftOut === undefined) return;
  const fields = {
    ...line,
    path: WEBHOOKS_PATH,
    durationMs: Math.round(line.durationMs * 10) / 10,
    ...(account === undefined ? {} : { account }),
    result,
    ...(leftOut === 0 ? {} : { leftOut }),
  };
  log.info(fields, 'webhook');
}

function queryOf({ url = '' }: IncomingMessage): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}

/** Node has lower-case names, and one value for each but for cookies. */
const headersOf = ({ headers }: IncomingMessage): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
