import type { Kysely } from 'kysely';
import { systemCause } from '../context.ts';
import { listLegs } from '../db/legs.ts';
import type { LockedPayment, PaymentSource } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { Problem } from '../errors.ts';
import type { RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { Forgotten } from './adopt.ts';
import { takeInRefunds } from './bind.ts';
import { rememberAttempts } from './remember-attempts.ts';
import type { World } from './world.ts';

/** The intent has to be rolled back: a leg that stayed QUEUED would be sent, though the provider has executed it. */
export class NotAdopted extends Error {
  override readonly name = 'NotAdopted';
}

/**
 * Binds the provider refunds of a forgotten request to the legs that were inserted for them, QUEUED, in this
 * transaction: by their references, like those of any lost answer. One that was imported as EXTERNAL is taken over.
 *
 * @returns the refunds that changed
 * @throws NotAdopted when one of them is kept by a refund that waits for a person
 */
export async function bindForgotten(
  tx: Kysely<Database>,
  { log, alerts }: World,
  connection: Connection,
  payment: LockedPayment,
  sources: readonly PaymentSource[],
  adoption: { readonly refundId: RefundId; readonly forgotten: readonly Forgotten[]; readonly asOf: Date },
): Promise<readonly RefundId[]> {
  const { refundId, forgotten, asOf } = adoption;
  const by = systemCause;
  const now = payment.locked_at;
  const context = { connection, log, alerts, by, cause: 'evidence' as const, asOf, now };
  const made = forgotten.map((one) => one.facts);
  await rememberAttempts(tx, context, payment, made);
  const changed = await takeInRefunds(tx, context, payment, sources, made);
  const names = new Set(forgotten.map((one) => one.legName));
  const legs = await listLegs(tx, refundId);
  if (legs.some((leg) => leg.status === 'QUEUED' && names.has(leg.name))) throw new NotAdopted();
  return changed;
}

/** For a caller whose request was executed and cannot be adopted. Never an advice to make another request. */
export const notAdopted: Problem = {
  type: 'OperationInProgress',
  code: 'ANOTHER_OPERATION_IN_PROGRESS',
  message:
    'This request was executed before the database was restored, and is recorded as an EXTERNAL refund of the payment that a person has to look at.',
  path: ['input', 'payment'],
  retry: 'ASK_A_HUMAN',
  existingRefundId: null,
  retryAfterMs: 60_000,
};
