import {
  claimDeliveries,
  keepBodies,
  PROBED_FROM_FAILURES,
  putOffBlocked,
  takeProbe,
  type ClaimedDelivery,
  type DueEndpoint,
} from '../db/event-deliveries.ts';
import { deferUnwritable, deliver, type Delivering, type OpenEndpoint } from './deliver.ts';
import type { EventMessageId } from '../ids.ts';
import { POST_DEADLINE_MS } from './post.ts';
import { renderBody } from './payload.ts';

/** Deliveries of one endpoint that a process tries at once, at most. */
export const MAX_IN_FLIGHT = 8;
/** How long a claim holds, in milliseconds: well beyond the deadline of a call and the statements around it. */
const LEASE_MS = 4 * POST_DEADLINE_MS;
/** How many that wait behind others are put off at once. */
const PUT_OFF_AT_MOST = 500;

/**
 * Begins what is due for an endpoint, as far as there is room; what does not answer is tried with one delivery at a
 * time, of all processes.
 *
 * @param room how many may be begun
 * @returns what was begun; each ends by itself, and rejects when the database does not take its end: it is tried again
 *   when its lease is over
 */
export async function deliverDue(
  delivering: Delivering,
  endpoint: OpenEndpoint,
  { failures }: Pick<DueEndpoint, 'failures'>,
  room: number,
): Promise<readonly Promise<void>[]> {
  const { db } = delivering;
  const isProbe = failures >= PROBED_FROM_FAILURES;
  if (isProbe && !(await takeProbe(db, endpoint.id, LEASE_MS))) return [];
  const limit = isProbe ? 1 : room;
  const sendBefore = performance.now() + LEASE_MS - 2 * POST_DEADLINE_MS;
  const claims = await claimDeliveries(db, endpoint.id, limit, LEASE_MS);
  if (claims.length < limit) await putOffBlocked(db, endpoint.id, PUT_OFF_AT_MOST);
  const bodies = new Map<EventMessageId, string>();
  const unwritable: { readonly claim: ClaimedDelivery; readonly error: unknown }[] = [];
  for (const claim of claims) {
    if (claim.body !== null) continue;
    try {
      bodies.set(claim.messageId, renderBody(claim));
    } catch (error) {
      unwritable.push({ claim, error });
    }
  }
  const kept = await keepBodies(
    db,
    [...bodies].map(([messageId, body]) => ({ messageId, body })),
  );
  const attempts = claims.flatMap((claim) => {
    const body = claim.body ?? kept.get(claim.messageId);
    return body === undefined
      ? []
      : deliver(delivering, endpoint, claim, body, () => performance.now() < sendBefore);
  });
  return [
    ...attempts,
    ...unwritable.map(({ claim, error }) => deferUnwritable(delivering, endpoint, claim, error)),
  ];
}
