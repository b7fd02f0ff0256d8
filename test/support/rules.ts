import type { Selectable } from 'kysely';
import { expect } from 'vitest';
import type { EventTable } from '../../src/db/tables.ts';
import type { Problem, Result } from '../../src/errors.ts';
import type { PaymentId, RefundId } from '../../src/ids.ts';
import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { findTransition, type TransitionCause } from '../../src/refunds/transitions.ts';
import type { LegStatus } from '../../src/vocabulary.ts';
import type { TestWorld } from './world.ts';

let keys = 0;

/** A key that no other test of this run has. */
export const newKey = (): string => `test-key-${process.pid}-${(keys += 1)}`;

/** A createRefund as a caller would send it, of a payment by account code and the provider's id. */
export const refundCommand = (
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
): CreateRefundCommand => ({
  idempotencyKey: newKey(),
  payment: { account: 'yookassa-demo', paymentId },
  amount:
    minor === 'remaining' ? { kind: 'remaining' } : { kind: 'money', money: { minor, currency: 'RUB' } },
  reason: 'REQUESTED_BY_CUSTOMER',
  note: null,
  reference: null,
  metadata: {},
  receipt: null,
  feeBearer: null,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  waitMs: 10_000,
  ...more,
});

/** Arms a fault of the sandbox; `operation` is createRefund unless it is given. */
export const armFault = (t: TestWorld, kind: string, more: Record<string, unknown> = {}): Promise<unknown> =>
  t.control('faults', { provider: 'yookassa', operation: 'createRefund', kind, ...more });

export const clearFaults = (t: TestWorld): Promise<unknown> => t.control('faults', undefined, 'DELETE');

/** Whether new refunds wait at the provider until they are settled. */
export const refundsAre = (t: TestWorld, refunds: 'instant' | 'pending'): Promise<unknown> =>
  t.control('mode', { provider: 'yookassa', refunds });

export const settleAll = (
  t: TestWorld,
  status: 'succeeded' | 'canceled',
  more: Record<string, unknown> = {},
): Promise<unknown> => t.control('settle', { provider: 'yookassa', all: true, status, ...more });

export const consoleRefund = (t: TestWorld, reference: string, value: string): Promise<unknown> =>
  t.control('console-refund', { provider: 'yookassa', reference, amount: { value, currency: 'RUB' } });

export const valueOf = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};

export const problemOf = (result: Result<unknown>): Problem => {
  if (result.ok) throw new Error('it took effect');
  return result.problems[0]!;
};

export const paymentRow = (t: TestWorld, providerPaymentId: string) =>
  t.database.db
    .selectFrom('payments')
    .selectAll()
    .where('provider_payment_id', '=', providerPaymentId)
    .executeTakeFirstOrThrow();

/** A refund with its legs and their attempts, oldest first. */
export async function refundRow(t: TestWorld, refundId: RefundId) {
  const { db } = t.database;
  const [refund, legs] = await Promise.all([
    db.selectFrom('refunds').selectAll().where('id', '=', refundId).executeTakeFirstOrThrow(),
    db.selectFrom('refund_legs').selectAll().where('refund_id', '=', refundId).execute(),
  ]);
  const attempts = await db
    .selectFrom('leg_attempts')
    .selectAll()
    .where(
      'leg_id',
      'in',
      legs.map((leg) => leg.id),
    )
    .orderBy('attempt')
    .execute();
  return { ...refund, legs, attempts };
}

/** All refunds of a payment, oldest first. */
export async function refundRows(t: TestWorld, providerPaymentId: string) {
  const payment = await paymentRow(t, providerPaymentId);
  const rows = await t.database.db
    .selectFrom('refunds')
    .select('id')
    .where('payment_id', '=', payment.id)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return Promise.all(rows.map((row) => refundRow(t, row.id)));
}

export interface LoggedRequest {
  readonly seq: number;
  readonly operation: string | null;
  readonly path: string;
  readonly providerKey: string | null;
  readonly bodyHash: string;
  readonly status: number | null;
  readonly effect: boolean;
}

/** Remembers where the provider's request log ends; the result lists what came since, of these operations. */
export async function watchRequests(
  t: TestWorld,
  provider = 'yookassa',
): Promise<(...operations: string[]) => Promise<LoggedRequest[]>> {
  const read = (since: number) =>
    t.control<{ requests: LoggedRequest[]; next: number }>(`requests?provider=${provider}&since=${since}`);
  const { next } = await read(0);
  return async (...operations) => {
    const { requests } = await read(next);
    return operations.length === 0
      ? requests
      : requests.filter(({ operation }) => operations.includes(operation ?? ''));
  };
}

const open = new Set(['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW']);
const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, each) => total + each, 0n);

/**
 * The invariants of RELIABILITY that one payment shows: I1, I3, I5 and I6 always; I2, equality with the
 * provider's books (what is nobody's yet is counted apart), when `quiet`. `reversed` are the provider's ids of
 * refunds that stand in its books as succeeded, and whose money came back since.
 */
export async function expectSound(
  t: TestWorld,
  providerPaymentId: string,
  { quiet = true, reversed = new Set() }: { quiet?: boolean; reversed?: ReadonlySet<string> } = {},
): Promise<void> {
  const { db } = t.database;
  const payment = await paymentRow(t, providerPaymentId);
  const legs = await db.selectFrom('refund_legs').selectAll().where('payment_id', '=', payment.id).execute();
  const reserved = sum(legs.filter((leg) => open.has(leg.status)).map((leg) => leg.amount_minor));
  const refunded = sum(legs.filter((leg) => leg.status === 'SUCCEEDED').map((leg) => leg.returned_minor));
  const sums = { reserved: payment.reserved_minor, refunded: payment.refunded_minor };
  expect(sums, 'I6').toEqual({ reserved, refunded });
  if (!payment.overcommitted) expect(refunded + reserved, 'I1').toBeLessThanOrEqual(payment.captured_minor);
  const unseen = legs.filter((leg) => open.has(leg.status) && leg.next_look_at === null);
  expect(
    unseen.filter((leg) => leg.status !== 'MANUAL_REVIEW').map((leg) => leg.status),
    'I7',
  ).toEqual([]);
  await expectSourcesSound(t, payment.id);
  await expectEventsSound(t, payment.id);
  const ledger = await t.ledgerOf(providerPaymentId);
  const madeWith = ledger.refunds.flatMap((refund) => refund.providerKey ?? []);
  expect(new Set(madeWith).size, 'I3').toBe(madeWith.length);
  if (!quiet) return;
  const atProvider = ledger.refunds.filter(
    ({ id, status }) => ['succeeded', 'processed'].includes(status) && !reversed.has(id),
  );
  expect(sum(atProvider.map((refund) => BigInt(refund.amountMinor))), 'I2').toBe(
    refunded + payment.unbound_minor,
  );
}

/** Every move names its cause, and the table has it. */
function expectInTable({ from_status: from, to_status: to, evidence }: Selectable<EventTable>): void {
  const cause = evidence['cause'] as TransitionCause;
  const row = findTransition(from as LegStatus, cause, to as LegStatus);
  expect(row, `I5: the table has no ${from} to ${to} by ${cause}`).toBeDefined();
}

/** A leg of one share may have returned another amount than was asked for. */
const returnedOf = (share: { amount_minor: bigint; leg_minor: bigint; leg_returned_minor: bigint }): bigint =>
  share.leg_returned_minor === share.leg_minor ? share.amount_minor : share.leg_returned_minor;

async function expectSourcesSound(t: TestWorld, paymentId: PaymentId): Promise<void> {
  const { db } = t.database;
  const sources = await db
    .selectFrom('payment_sources')
    .selectAll()
    .where('payment_id', '=', paymentId)
    .execute();
  const shares = await db
    .selectFrom('leg_sources')
    .innerJoin('refund_legs', 'refund_legs.id', 'leg_sources.leg_id')
    .select(['source_id', 'leg_sources.amount_minor', 'leg_sources.platform_fee_minor', 'status'])
    .select(['refund_legs.amount_minor as leg_minor', 'refund_legs.returned_minor as leg_returned_minor'])
    .where('payment_id', '=', paymentId)
    .execute();
  for (const source of sources) {
    const own = shares.filter((share) => share.source_id === source.id);
    const reserved = sum(own.filter((share) => open.has(share.status)).map((share) => share.amount_minor));
    const refunded = sum(own.filter((share) => share.status === 'SUCCEEDED').map(returnedOf));
    const feesOf = (isCounted: (status: string) => boolean) =>
      sum(own.filter((share) => isCounted(share.status)).map((share) => share.platform_fee_minor ?? 0n));
    const feeReserved = feesOf((status) => open.has(status));
    const feeReturned = feesOf((status) => status === 'SUCCEEDED');
    expect(
      {
        reserved: source.reserved_minor,
        refunded: source.refunded_minor,
        feeReserved: source.fee_reserved_minor,
        feeReturned: source.fee_returned_minor,
      },
      'I6 of a source',
    ).toEqual({ reserved, refunded, feeReserved, feeReturned });
    if (source.overcommitted) continue;
    expect(refunded + reserved, 'I1 of a source').toBeLessThanOrEqual(source.captured_minor);
    expect(feeReturned + feeReserved, 'I1 of a commission').toBeLessThanOrEqual(
      source.platform_fee_minor ?? 0n,
    );
  }
}

/**
 * I5: the events of every leg lead, one move after the other, from its birth to its present status; what the
 * provider told besides moves nothing; and no version of a refund is without its event.
 */
async function expectEventsSound(t: TestWorld, paymentId: PaymentId): Promise<void> {
  const { db } = t.database;
  const legs = await db.selectFrom('refund_legs').selectAll().where('payment_id', '=', paymentId).execute();
  const events = await db
    .selectFrom('events')
    .selectAll()
    .where('payment_id', '=', paymentId)
    .orderBy('id')
    .execute();
  for (const leg of legs) {
    const born = events.filter(
      (event) => event.refund_id === leg.refund_id && /^refund\.(created|imported)$/.test(event.kind),
    );
    expect(born, 'one birth').toHaveLength(1);
    const own = events.filter((each) => each.leg_id === leg.id && each.from_status !== null);
    // A leg is born with its intent. Of a PENDING refund one leg is being sent; others of it wait for their turn.
    const isSentAtOnce = born[0]!.kind === 'refund.created' && born[0]!.to_status === 'PENDING';
    const waits = own[0]?.from_status === 'QUEUED' || (own.length === 0 && leg.status === 'QUEUED');
    let status = isSentAtOnce ? (waits ? 'QUEUED' : 'SENDING') : born[0]!.to_status;
    for (const event of own) {
      expect(event.from_status, 'I5').toBe(status);
      expect(event.actor, 'I5: who').not.toBe('');
      if (event.kind === 'leg.details') expect(event.to_status, 'I5: details move nothing').toBe(status);
      if (event.from_status !== event.to_status) expectInTable(event);
      status = event.to_status;
    }
    expect(status, 'I5: the last event is the present status').toBe(leg.status);
  }
  const refunds = await db
    .selectFrom('refunds')
    .select(['id', 'version'])
    .where('payment_id', '=', paymentId)
    .execute();
  for (const { id, version } of refunds) {
    const own = events.filter((event) => event.refund_id === id);
    expect(own, 'rule 10: as many events as versions').toHaveLength(version);
  }
}
