import { z } from 'zod';
import { ControlError } from './control-error.ts';
import { parseMinor, type WireMoney } from './money.ts';
import type { NewPayment, ReadyPayment, Settlement } from './simulator.ts';
import { firstProblem } from './validation.ts';

/** An amount of the control API in minor units, in the currency that it must have. Throws ControlError. */
export function controlMinor(money: WireMoney, currency: string, exponent: number, field: string): bigint {
  if (money.currency !== currency) throw new ControlError(`${field}.currency`, `must be ${currency}`);
  const minor = parseMinor(money.value, exponent);
  if (minor === undefined) {
    throw new ControlError(`${field}.value`, `must be a decimal text with at most ${exponent} decimals`);
  }
  if (minor <= 0n) throw new ControlError(`${field}.value`, 'must be more than zero');
  return minor;
}

/** When a new payment was made and when it was captured. Throws ControlError for an impossible order. */
export function paymentInstants(input: NewPayment, now: number): { at: number; capturedAt: number } {
  const at = (input.createdAt ?? input.capturedAt)?.getTime() ?? now;
  if (at > now)
    throw new ControlError(input.createdAt === undefined ? 'capturedAt' : 'createdAt', 'is in the future');
  const capturedAt = input.capturedAt?.getTime() ?? at;
  if (capturedAt < at || capturedAt > now)
    throw new ControlError('capturedAt', 'must be between createdAt and now');
  return { at, capturedAt };
}

/** The settings after `POST /control/mode`. Throws ControlError with the name of the first wrong field. */
export function changedSettings<Schema extends z.ZodObject>(
  schema: Schema,
  settings: z.output<Schema>,
  mode: Record<string, unknown>,
): z.output<Schema> {
  const parsed = z.safeParse(schema.partial(), mode);
  if (!parsed.success) throw firstProblem(parsed.error);
  return schema.parse({ ...settings, ...parsed.data });
}

/** The refunds that a settlement is about; `pending` is the provider's word for them. Throws ControlError for one that is unknown or final. */
export function pendingRefunds<Refund extends { status: string }>(
  refunds: ReadonlyMap<string, Refund>,
  settlement: Settlement,
  pending = 'pending',
): Refund[] {
  if (settlement.refundId === undefined) {
    return [...refunds.values()].filter((refund) => refund.status === pending);
  }
  const refund = refunds.get(settlement.refundId);
  if (refund === undefined) throw new ControlError('refundId', 'no such refund');
  if (refund.status !== pending) throw new ControlError('refundId', `is ${refund.status}, which is final`);
  return [refund];
}

/** The ready payments that are there: a journal may hold a world without them. */
export function presentPayments(
  ready: readonly ReadyPayment[],
  payments: ReadonlyMap<string, unknown>,
): ReadyPayment[] {
  return ready
    .filter(({ reference }) => payments.has(reference))
    .map(({ reference, account, description }) => ({ reference, account, description }));
}
