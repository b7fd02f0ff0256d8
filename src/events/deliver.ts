import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Alerts } from '../alerts.ts';
import {
  endDelivery,
  noteAnswering,
  noteFailing,
  retryDelivery,
  type AttemptNote,
  type ClaimedDelivery,
} from '../db/event-deliveries.ts';
import { disableEndpoint } from '../db/event-endpoints.ts';
import type { Database } from '../db/tables.ts';
import { failpoint } from '../failpoints.ts';
import type { EventEndpointId } from '../ids.ts';
import type { Metrics } from '../metrics.ts';
import type { Poster, PostResult } from './post.ts';
import { endpointPausesMs, nextAttemptInMs } from './retry-schedule.ts';
import { signatureOf } from './signature.ts';

/** Names the service to receivers; the version is the package's. */
export const USER_AGENT = 'refund-federation/0.1.0';

/** An endpoint of the configuration, ready to be called. */
export interface OpenEndpoint {
  readonly id: EventEndpointId;
  readonly code: string;
  readonly url: string;
  readonly keys: readonly Buffer[];
  readonly poster: Poster;
}

export interface Delivering {
  readonly db: Kysely<Database>;
  readonly log: Logger;
  readonly alerts: Alerts;
  readonly metrics: Metrics;
  /** Whether somebody was told of a delivery of this endpoint that was given up, not long ago. */
  wasToldLately(endpoint: string): boolean;
}

/**
 * One attempt of a claimed delivery: the same id and bytes as every other one, a timestamp and signatures of its own.
 *
 * @param mayStillSend asked right before the call: a process that was stopped for a while must not tell what is old
 *   by then, since the claim is somebody else's
 */
export async function deliver(
  delivering: Delivering,
  endpoint: OpenEndpoint,
  claim: ClaimedDelivery,
  body: string,
  mayStillSend: () => boolean,
): Promise<void> {
  failpoint('events.after-claim');
  if (!mayStillSend()) return;
  const id = `msg_${claim.messageId}`;
  // The receiver compares it with its own clock, so it is the time of day even where the service's clock is moved.
  const timestamp = Math.floor(Date.now() / 1000);
  const result = await endpoint.poster.post(
    {
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf({ id, timestamp, body }, endpoint.keys),
    },
    body,
  );
  failpoint('events.after-answer');
  await conclude(delivering, endpoint, claim, result);
}

async function conclude(
  delivering: Delivering,
  endpoint: OpenEndpoint,
  claim: ClaimedDelivery,
  { status, error, retryAfterMs }: PostResult,
): Promise<void> {
  const { db, metrics, log } = delivering;
  const note = { status, error };
  if (error === null) {
    await endDelivery(db, claim, 'DELIVERED', note);
    await noteAnswering(db, endpoint.id);
    metrics.eventTried(endpoint.code, 'delivered');
    return;
  }
  log.warn(
    { endpoint: endpoint.code, message: claim.messageId, attempt: claim.attempts, status, error },
    'a webhook was not accepted',
  );
  if (status === 410) return endGone(delivering, endpoint, claim);

  const result = await putOff(delivering, endpoint, claim, note, retryAfterMs);
  metrics.eventTried(endpoint.code, result === 'given-up' ? result : status === null ? 'lost' : 'refused');
  await noteFailing(db, endpoint.id, endpointPausesMs, retryAfterMs);
}

/** Tries it again by the retry table, or gives it up after the last attempt and calls somebody. */
async function putOff(
  delivering: Delivering,
  { code }: OpenEndpoint,
  claim: ClaimedDelivery,
  note: AttemptNote,
  advisedMs: number | null,
): Promise<'put-off' | 'given-up'> {
  const { db, alerts } = delivering;
  const inMs = nextAttemptInMs(claim.attempts, advisedMs);
  if (inMs !== null) {
    await retryDelivery(db, claim, inMs, note);
    return 'put-off';
  }
  await endDelivery(db, claim, 'FAILED', note);
  if (!delivering.wasToldLately(code))
    alerts.raise('EVENT_DELIVERY_FAILED', { endpoint: code, message: claim.messageId, error: note.error });
  return 'given-up';
}

/**
 * Ends the claim of a message that this release cannot write out, which is no failure of the endpoint: another release
 * may be able to, until it is given up.
 */
export async function deferUnwritable(
  delivering: Delivering,
  endpoint: OpenEndpoint,
  claim: ClaimedDelivery,
  error: unknown,
): Promise<void> {
  const { messageId, type } = claim;
  delivering.log.error(
    { err: error, endpoint: endpoint.code, message: messageId, type },
    'a webhook could not be written out',
  );
  await putOff(delivering, endpoint, claim, { status: null, error: 'NOT_WRITABLE' }, null);
}

/** The receiver wants nothing any more (Standard Webhooks, "Deliverability and reliability"). */
async function endGone(
  { db, alerts, metrics }: Delivering,
  endpoint: OpenEndpoint,
  claim: ClaimedDelivery,
): Promise<void> {
  await endDelivery(db, claim, 'DISCARDED', { status: 410, error: 'STATUS' });
  metrics.eventTried(endpoint.code, 'gone');
  if (await disableEndpoint(db, endpoint.code, 'GONE', endpoint.url))
    alerts.raise('EVENT_ENDPOINT_GONE', { endpoint: endpoint.code });
}
