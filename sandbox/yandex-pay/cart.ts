import { priceOf, unitPriceFor } from './amounts.ts';

/** A line of a cart. Its total is always a whole number of minor units. */
export interface Line {
  productId: string;
  title: string;
  countHundredths: bigint;
  /** The unit price now, after price cuts. */
  unitMinor: bigint;
  /** The unit price at the order. */
  orderedUnitMinor: bigint;
}

const ONE_UNIT = 100n;
const MOST_UNITS = 10_000; // a longer search would hold up every other request

export function lineTotal({ countHundredths, unitMinor }: Line): bigint {
  const total = priceOf(countHundredths, unitMinor);
  if (total === undefined) throw new Error('a line with a fraction of a minor unit');
  return total;
}

export function cartTotal(lines: readonly Line[]): bigint {
  return lines.reduce((sum, line) => sum + lineTotal(line), 0n);
}

/**
 * The cart after `amountMinor` was given back by somebody who named no lines: whole lines are taken out, then units of one
 * line, then its unit price is cut. Undefined when no cart with two-decimal unit prices is left.
 */
export function cartWithout(lines: readonly Line[], amountMinor: bigint): Line[] | undefined {
  const whole = keptAfter(lines, amountMinor);
  if (cartTotal(lines) - cartTotal(whole) === amountMinor) return whole;
  for (const cut of lines) {
    const others = lines.filter((line) => line !== cut);
    for (const kept of [others, keptAfter(others, amountMinor)]) {
      const rest = amountMinor - (cartTotal(others) - cartTotal(kept));
      const reduced = reduce(cut, rest);
      if (reduced !== undefined)
        return lines.flatMap((line) => (line === cut ? reduced : within(kept, line)));
    }
  }
  return undefined;
}

function within(kept: readonly Line[], line: Line): Line[] {
  return kept.includes(line) ? [line] : [];
}

// Takes whole lines out, the first ones first, as long as they fit into the amount.
function keptAfter(lines: readonly Line[], amountMinor: bigint): Line[] {
  let rest = amountMinor;
  return lines.filter((line) => {
    const total = lineTotal(line);
    if (total > rest) return true;
    rest -= total;
    return false;
  });
}

function reduce(line: Line, amountMinor: bigint): Line | undefined {
  const leftMinor = lineTotal(line) - amountMinor;
  if (leftMinor <= 0n) return undefined;
  let countHundredths = line.countHundredths;
  for (let unit = 0; unit < MOST_UNITS && countHundredths > 0n; unit += 1, countHundredths -= ONE_UNIT) {
    const unitMinor = unitPriceFor(leftMinor, countHundredths);
    if (unitMinor !== undefined && unitMinor <= line.unitMinor)
      return { ...line, countHundredths, unitMinor };
  }
  return undefined;
}
