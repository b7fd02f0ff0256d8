import type { LegShare } from '../db/refunds.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { succeed, type Result } from '../errors.ts';
import type { ItemShare, SourceFacts } from '../providers/provider.ts';
import { planAmountOverItems, planItems, type Cart, type ItemPlan } from './plan-items.ts';
import { planSplit } from './plan-split.ts';
import type { AmountWish, RefundWish } from './refund-wish.ts';
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

/**
 * Compiles an amount into legs, and into lines of the cart where the payment has one. Pure; the amount is checked against
 * what is refundable by the caller.
 *
 * @param cart absent: the payment has no items that its provider can refund
 */
export function planLegs(
  accountCode: string,
  payment: Payment,
  sources: readonly PaymentSource[],
  wish: RefundWish,
  cart?: Cart,
): Result<LegPlan> {
  if (isSplit(sources, accountCode) || wish.amount.kind === 'sources') {
    const plan = planSplit(payment, sources, wish);
    if (!plan.ok || isSplit(sources, accountCode)) return plan;
    const legs = plan.value.legs.map(asWhole);
    if (cart === undefined) return succeed({ ...plan.value, legs });
    const laid = planAmountOverItems(payment, cart, plan.value.amountMinor, ['input', 'amount']);
    if (!laid.ok) return laid;
    return succeed({ ...plan.value, legs: legs.map((leg) => ({ ...leg, items: laid.value.items })) });
  }
  const [only] = sources;
  if (only === undefined) throw new Error('a payment has at least one source');
  const plan = planWhole(payment, wish.amount, cart);
  if (!plan.ok) return plan;
  const { amountMinor, items } = plan.value;
  const shares = [{ sourceId: only.id, amountMinor, platformFeeMinor: null }];
  return succeed({
    amountMinor,
    legs: [{ name: wholeLegName, amountMinor, shares, items, sellers: [] }],
  });
}

/** The amount of the one leg of an unsplit payment, with what it takes of the cart. */
function planWhole(
  payment: Payment,
  amount: Exclude<AmountWish, { kind: 'sources' }>,
  cart: Cart | undefined,
): Result<ItemPlan> {
  if (amount.kind === 'items') {
    if (cart === undefined) throw new Error('a refund by items needs a cart');
    return planItems(payment, cart, amount.items);
  }
  const amountMinor = amount.kind === 'remaining' ? refundableOf(payment) : amount.money.minor;
  if (cart === undefined) return succeed({ amountMinor, items: [] });
  const path = amount.kind === 'remaining' ? ['input', 'amount'] : ['input', 'amount', 'money'];
  return planAmountOverItems(payment, cart, amountMinor, path);
}

/** The account itself as the only seller is nothing to tell a provider about. */
const asWhole = (leg: PlannedLeg): PlannedLeg => ({ ...leg, name: wholeLegName, sellers: [] });
