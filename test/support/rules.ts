import { expect } from 'vitest';
import type { Problem, Result } from '../../src/errors.ts';
import type { RefundId } from '../../src/ids.ts';
import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { findViolations } from './invariants.ts';
import { takeSnapshot } from './snapshot.ts';
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

export const paymentRow = (t: Pick<TestWorld, 'database'>, providerPaymentId: string) =>
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
  /** Without secrets, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
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

/**
 * The invariants of RELIABILITY that one payment shows: I1, I3, I5, I6 and I7 always; I2, equality with the
 * provider's books (what is nobody's yet is counted apart), when `quiet`. `reversed` are the provider's ids of
 * refunds that stand in its books as succeeded, and whose money came back since.
 */
export async function expectSound(
  t: Pick<TestWorld, 'database' | 'ledgerOf'>,
  providerPaymentId: string,
  { quiet = true, reversed = new Set() }: { quiet?: boolean; reversed?: ReadonlySet<string> } = {},
): Promise<void> {
  const payment = await paymentRow(t, providerPaymentId);
  const snapshot = await takeSnapshot(t.database.db, [payment.id]);
  const books = [await t.ledgerOf(providerPaymentId)];
  expect(findViolations(snapshot, books, { quiet, reversed })).toEqual([]);
}
