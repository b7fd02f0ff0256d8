import type { PaymentSource } from '../db/payments.ts';
import type { LegShare } from '../db/refunds.ts';
import { refuse, succeed, type Problem, type Result } from '../errors.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { shareOut } from './import-external.ts';
import { decideRefund } from './decide-refund.ts';
import type { RefundSituation } from './refund-situation.ts';
import type { LegAttempt } from './forgotten-keys.ts';
import { isSplit, wholeLegName, type LegPlan, type PlannedLeg } from './plan-legs.ts';
import { certainRestOf, restOf } from './plan-split.ts';
import type { RefundWish, SourceWish } from './refund-wish.ts';
import { returnedNothing } from './returned-nothing.ts';
import { sameKeyOtherContent } from './replay.ts';
import { toCurrency } from '../money.ts';

/** A provider refund that the same request made before a restore. */
export interface Forgotten extends LegAttempt {
  readonly facts: RefundFacts;
  /** False for one that lowers what is refundable as a refund of nobody; true when it was imported already. */
  readonly isCounted: boolean;
}

/**
 * The legs of a request that was executed, at least in part, before a restore (MONEY section 10): what the
 * provider has is taken with the provider's amounts, and only what is missing is decided anew. Another amount than
 * this key has executed is other content: nothing is reserved then, and nothing sent. Pure.
 */
export function planAdoption(
  situation: RefundSituation,
  wish: RefundWish,
  forgotten: readonly Forgotten[],
): Result<LegPlan> {
  const made = onePerLeg(forgotten);
  const adopted: PlannedLeg[] = [];
  for (const one of made) {
    const leg = legOf(situation, one);
    if (leg === undefined) return refuse(partlyExecuted);
    adopted.push(leg);
  }
  const missing = missingOf(situation, wish, made, adopted);
  if (!missing.ok) return missing;
  const rest = planRest(situation, wish, made, adopted, missing.value);
  if (!rest.ok) return rest;
  const legs = [...adopted, ...rest.value];
  return succeed({ legs, amountMinor: sumOf(legs.map((leg) => leg.amountMinor)) });
}

/** A leg has one provider refund: of its last attempt that may have returned something, else of its last one. */
function onePerLeg(forgotten: readonly Forgotten[]): Forgotten[] {
  const byName = Map.groupBy(
    forgotten.toSorted((a, b) => a.attempt - b.attempt),
    (one) => one.legName,
  );
  return [...byName.values()].map(
    (group) => group.findLast(({ facts }) => !returnedNothing(facts)) ?? group.at(-1)!,
  );
}

function legOf({ payment, sources }: RefundSituation, { legName, facts }: Forgotten): PlannedLeg | undefined {
  const { minor: amountMinor, currency } = facts.amount;
  if (currency !== payment.currency || amountMinor <= 0n) return undefined;
  const shares = shareOut(sources, facts) ?? sharesByName(sources, legName, amountMinor);
  if (shares === undefined) return undefined;
  const named = sources.filter((source) => source.seller === legName);
  const sellers = named.map(({ id, seller }) => ({
    seller,
    amountMinor,
    platformFeeMinor: shares.find((share) => share.sourceId === id)?.platformFeeMinor ?? null,
  }));
  return { name: legName, amountMinor, shares, items: [], sellers: legName === wholeLegName ? [] : sellers };
}

/** Where the provider does not tell: a leg is named after its seller, and one call for all was for everything. */
function sharesByName(
  sources: readonly PaymentSource[],
  legName: string,
  amountMinor: bigint,
): readonly LegShare[] | undefined {
  const own = sources.find((source) => source.seller === legName);
  if (own !== undefined) return [{ sourceId: own.id, amountMinor, platformFeeMinor: null }];
  if (sumOf(sources.map((source) => source.captured_minor)) !== amountMinor) return undefined;
  return sources.map((source) => ({
    sourceId: source.id,
    amountMinor: source.captured_minor,
    platformFeeMinor: null,
  }));
}

/** What was asked for and not executed: an amount in minor units, shares of sellers, all that is left, or nothing. */
type Missing = bigint | 'remaining' | readonly SourceWish[];

function missingOf(
  { accountCode, sources }: RefundSituation,
  { amount }: RefundWish,
  made: readonly Forgotten[],
  adopted: readonly PlannedLeg[],
): Result<Missing> {
  const wasWhole = made.some((one) => one.legName === wholeLegName);
  const madeMinor = sumOf(adopted.map((leg) => leg.amountMinor));
  if (amount.kind === 'remaining') return succeed(wasWhole ? 0n : 'remaining');
  // What the items cost then is not known any more; and such a payment is of one seller, so that nothing is missing.
  if (amount.kind === 'items') return succeed(0n);
  const askedMinor =
    amount.kind === 'money' ? amount.money.minor : sumOf(amount.sources.map((one) => one.amount.minor));
  const isAll = wasWhole || !isSplit(sources, accountCode);
  if (madeMinor > askedMinor || (isAll && madeMinor !== askedMinor)) return refuse(sameKeyOtherContent(null));
  if (isAll) return succeed(0n);
  if (amount.kind === 'money') return succeed(askedMinor - madeMinor);
  const isOther = adopted.some(
    (leg) => amount.sources.find((one) => one.seller === leg.name)?.amount.minor !== leg.amountMinor,
  );
  if (isOther) return refuse(sameKeyOtherContent(null));
  return succeed(amount.sources.filter((one) => adopted.every((leg) => leg.name !== one.seller)));
}

/** Plans what is missing as if what was executed were known already. */
function planRest(
  situation: RefundSituation,
  wish: RefundWish,
  made: readonly Forgotten[],
  adopted: readonly PlannedLeg[],
  missing: Missing,
): Result<readonly PlannedLeg[]> {
  const after = afterAdoption(situation, made, adopted);
  const chosen = typeof missing === 'object' ? missing : leftOf(after, adopted);
  const leftMinor = sumOf(chosen.map((one) => one.amount.minor));
  const isNothing = missing === 0n || chosen.length === 0;
  if (isNothing) return typeof missing === 'bigint' && missing > 0n ? refuse(partlyExecuted) : succeed([]);
  if (typeof missing === 'bigint' && missing !== leftMinor) return refuse(partlyExecuted);
  const decision = decideRefund(after, {
    ...wish,
    amount: { kind: 'sources', sources: chosen },
    expectedRefundable: null,
    replaces: null,
    receipt: null,
  });
  if (decision.ok) return succeed(decision.value.legs);
  if (decision.problems.every((problem) => problem.type === 'OperationInProgress')) return decision;
  return missing === 'remaining' ? succeed([]) : refuse(partlyExecuted);
}

/** What every other seller has left. */
const leftOf = ({ payment, sources }: RefundSituation, adopted: readonly PlannedLeg[]): SourceWish[] =>
  sources
    .filter((source) => adopted.every((leg) => leg.name !== source.seller))
    .map((source) => ({
      seller: source.seller,
      amount: {
        minor: leastOf(restOf(source), certainRestOf(source, payment)),
        currency: toCurrency(payment.currency),
      },
      platformFee: null,
    }))
    .filter((one) => one.amount.minor > 0n);

/** Payment and sellers with what was executed counted as returned, and nothing of it as nobody's. */
function afterAdoption(
  situation: RefundSituation,
  made: readonly Forgotten[],
  adopted: readonly PlannedLeg[],
): RefundSituation {
  const { payment, sources } = situation;
  const news = adopted.filter((_, index) => !made[index]!.isCounted && !returnedNothing(made[index]!.facts));
  const newsMinor = sumOf(news.map((leg) => leg.amountMinor));
  const shares = news.flatMap((leg) => leg.shares);
  const unboundMinor = payment.unbound_minor - newsMinor;
  return {
    ...situation,
    payment: {
      ...payment,
      refunded_minor: payment.refunded_minor + newsMinor,
      unbound_minor: unboundMinor > 0n ? unboundMinor : 0n,
    },
    sources: sources.map((source) => {
      const own = shares.filter((share) => share.sourceId === source.id);
      return {
        ...source,
        refunded_minor: source.refunded_minor + sumOf(own.map((share) => share.amountMinor)),
        fee_returned_minor:
          source.fee_returned_minor + sumOf(own.map((share) => share.platformFeeMinor ?? 0n)),
      };
    }),
  };
}

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, amount) => sum + amount, 0n);
const leastOf = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Never an advice to make another request: a part of this one was executed. */
const partlyExecuted: Problem = {
  type: 'OperationInProgress',
  code: 'ANOTHER_OPERATION_IN_PROGRESS',
  message:
    'This request was executed in part before the database was restored, and the rest does not fit any more. A person has to look at the payment.',
  path: ['input', 'payment'],
  retry: 'ASK_A_HUMAN',
  existingRefundId: null,
  retryAfterMs: 60_000,
};
