import type { Problem } from '../errors.ts';
import { formatDecimal, type Currency } from '../money.ts';
import type { AmountRules } from '../providers/provider.ts';

/** Whether one refund of this amount leaves what may be left of `maximumMinor`, and is itself one that is taken. */
export const isTaken = (rules: AmountRules, amountMinor: bigint, maximumMinor: bigint): boolean =>
  whyNotTaken(rules, amountMinor, maximumMinor) === undefined;

/** Which of the rules of a provider an amount breaks; minor units. Pure. */
export function whyNotTaken(
  { minimumMinor, stepMinor, leaveAtLeastMinor }: AmountRules,
  amountMinor: bigint,
  maximumMinor: bigint,
): 'MINIMUM' | 'STEP' | 'REST' | undefined {
  const restMinor = maximumMinor - amountMinor;
  if (amountMinor <= 0n || amountMinor < minimumMinor) return 'MINIMUM';
  if (amountMinor % stepMinor !== 0n) return 'STEP';
  if (restMinor < 0n || (restMinor > 0n && restMinor < leaveAtLeastMinor)) return 'REST';
  return undefined;
}

/** The nearest amounts to another one that are taken: at most one below and one above it, ascending. Pure. */
export function nearestTaken(rules: AmountRules, wantedMinor: bigint, maximumMinor: bigint): bigint[] {
  const { minimumMinor, stepMinor, leaveAtLeastMinor } = rules;
  const down = (minor: bigint): bigint => (minor < 0n ? 0n : minor - (minor % stepMinor));
  const up = (minor: bigint): bigint => down(minor + stepMinor - 1n);
  // Between the least and what leaves enough every step is taken, and so is everything.
  const corners = [
    down(wantedMinor - 1n),
    up(wantedMinor + 1n),
    up(minimumMinor > 0n ? minimumMinor : 1n),
    down(maximumMinor - leaveAtLeastMinor),
    maximumMinor,
    down(maximumMinor),
  ];
  return around(
    wantedMinor,
    corners.filter((minor) => isTaken(rules, minor, maximumMinor)),
  );
}

/** Of some amounts the nearest below, and the nearest above. */
function around(wantedMinor: bigint, amounts: readonly bigint[]): bigint[] {
  const ascending = [...new Set(amounts)].toSorted((a, b) => (a < b ? -1 : 1));
  const below = ascending.findLast((minor) => minor < wantedMinor);
  const above = ascending.find((minor) => minor > wantedMinor);
  return [below, above].flatMap((minor) => minor ?? []);
}

/** An amount that can be laid out over the items of a payment, or the nearest ones that can. */
export type Fit = 'fits' | readonly bigint[];

/**
 * The nearest amounts that are taken and that fit the items of the payment, too: at most one below and one above.
 *
 * @param fitOf how an amount fits the items; absent: the payment has none
 */
export function nearestThatWork(
  rules: AmountRules,
  wantedMinor: bigint,
  maximumMinor: bigint,
  fitOf: (amountMinor: bigint) => Fit = () => 'fits',
): bigint[] {
  const ways = [wantedMinor, ...nearestTaken(rules, wantedMinor, maximumMinor)].flatMap((minor) => {
    const fit = minor > 0n && minor <= maximumMinor ? fitOf(minor) : [];
    return fit === 'fits' ? [minor] : fit;
  });
  return around(
    wantedMinor,
    ways.filter((minor) => isTaken(rules, minor, maximumMinor) && fitOf(minor) === 'fits'),
  );
}

/** An amount that cannot be refunded just so, with the nearest ones that can; in minor units, ascending. */
export function notAllocatable(
  message: string,
  path: readonly string[],
  currency: Currency,
  wantedMinor: bigint,
  nearestMinor: readonly bigint[],
): Problem {
  const distance = (minor: bigint): bigint =>
    minor > wantedMinor ? minor - wantedMinor : wantedMinor - minor;
  const [nearest] = nearestMinor.toSorted((a, b) => (distance(a) < distance(b) ? -1 : 1));
  return {
    type: 'AmountNotAllocatable',
    code: 'AMOUNT_NOT_ALLOCATABLE',
    message,
    path,
    retry: 'NEW_REQUEST',
    nearest: nearest === undefined ? null : { minor: nearest, currency },
    nearestAmounts: nearestMinor.map((minor) => ({ minor, currency })),
  };
}

/** The rule that an amount breaks, as a sentence for people. */
export function sayRule(
  rule: NonNullable<ReturnType<typeof whyNotTaken>>,
  { minimumMinor, stepMinor, leaveAtLeastMinor }: AmountRules,
  currency: Currency,
): string {
  const say = (minor: bigint): string => `${formatDecimal({ minor, currency })} ${currency}`;
  if (rule === 'MINIMUM') return `The provider refunds at least ${say(minimumMinor)} at once.`;
  if (rule === 'STEP') return `The provider refunds multiples of ${say(stepMinor)} only.`;
  return `After a refund nothing may be left, or at least ${say(leaveAtLeastMinor)}.`;
}
