import type { LegShare } from '../db/refunds.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { succeed, type Result } from '../errors.ts';
import type { ItemShare, SourceFacts } from '../providers/provider.ts';
import { planSplit } from './plan-split.ts';
import type { RefundWish } from './refund-wish.ts';
import { refundableOf } from './refundability.ts';

/** One provider refund to make: its name is part of the provider key, so it is never a position. */
export interface PlannedLeg {
  readonly name: string;
  readonly amountMinor: bigint;
  readonly shares: readonly LegShare[];
  /** What it takes of the cart; empty where the provider knows no items. */
  readonly items: readonly ItemShare[];
  /** The sellers that the provider is told about; empty where it knows or finds them itself. */
  readonly sellers: readonly SourceFacts[];
}

export interface LegPlan {
  readonly amountMinor: bigint;
  readonly legs: readonly PlannedLeg[];
}

/** The leg that stands for the whole payment: of one seller, or of all of them in one call. */
export const wholeLegName = 'all';

/** True where the provider divided the payment between sellers, even if it was only one. */
export const isSplit = (sources: readonly PaymentSource[], accountCode: string): boolean =>
  sources.some((source) => source.seller !== accountCode);

/** Compiles an amount into legs. Pure; the amount is checked against what is refundable by the caller. */
export function planLegs(
  accountCode: string,
  payment: Payment,
  sources: readonly PaymentSource[],
  wish: RefundWish,
): Result<LegPlan> {
  if (isSplit(sources, accountCode) || wish.amount.kind === 'sources') {
    const plan = planSplit(payment, sources, wish);
    if (!plan.ok || isSplit(sources, accountCode)) return plan;
    return succeed({ ...plan.value, legs: plan.value.legs.map(asWhole) });
  }
  const [only] = sources;
  if (only === undefined) throw new Error('a payment has at least one source');
  const amountMinor = wish.amount.kind === 'remaining' ? refundableOf(payment) : wish.amount.money.minor;
  const shares = [{ sourceId: only.id, amountMinor, platformFeeMinor: null }];
  return succeed({
    amountMinor,
    legs: [{ name: wholeLegName, amountMinor, shares, items: [], sellers: [] }],
  });
}

/** The account itself as the only seller is nothing to tell a provider about. */
const asWhole = (leg: PlannedLeg): PlannedLeg => ({ ...leg, name: wholeLegName, sellers: [] });
