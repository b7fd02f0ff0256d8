import type { RefundId } from '../../src/ids.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { armFault, refundCommand, refundRow, valueOf } from './rules.ts';
import type { TestWorld } from './world.ts';

const provider = 'robokassa';
export const ACCOUNT = 'robokassa-demo';

/** A new paid invoice; returns its number. */
export const robokassaPayment = (
  t: TestWorld,
  value: string,
  more: Record<string, unknown> = {},
): Promise<string> => t.payment(value, { provider, ...more });

export const robokassaCommand = (
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
): CreateRefundCommand =>
  refundCommand(paymentId, minor, { payment: { account: ACCOUNT, paymentId }, ...more });

/** Makes a refund that is taken by the rules, and returns its rows. */
export async function refundAtRobokassa(
  t: TestWorld,
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
  world: World = t.world,
) {
  const created = valueOf(await createRefund(world, t.caller(), robokassaCommand(paymentId, minor, more)));
  return refundRow(t, created.refundId);
}

/** Arms a fault of createRefund, unless `more` names another operation. */
export const armRobokassa = (
  t: TestWorld,
  kind: string,
  more: Record<string, unknown> = {},
): Promise<unknown> => armFault(t, kind, { provider, ...more });

export const robokassaMode = (t: TestWorld, mode: Record<string, unknown>): Promise<unknown> =>
  t.control('mode', { provider, ...mode });

export const settleRobokassa = (
  t: TestWorld,
  status: 'succeeded' | 'canceled',
  more: Record<string, unknown> = { all: true },
): Promise<unknown> => t.control('settle', { provider, status, ...more });

/** The evidence of the move that handed a refund to a person. */
export async function reviewOf(t: TestWorld, refundId: RefundId): Promise<Record<string, unknown>> {
  const { evidence } = await t.database.db
    .selectFrom('events')
    .select('evidence')
    .where('refund_id', '=', refundId)
    .where('to_status', '=', 'MANUAL_REVIEW')
    .executeTakeFirstOrThrow();
  return evidence;
}
