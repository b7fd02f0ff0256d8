import { MAX_MINOR, parseDecimal, toCurrency } from '../money.ts';
import { badUserInput } from './request-errors.ts';

/** `from` inclusive, `to` exclusive. */
export interface DateTimeRange {
  readonly from?: Date | null | undefined;
  readonly to?: Date | null | undefined;
}

export interface MoneyRange {
  readonly currency: string;
  readonly min?: string | null | undefined;
  readonly max?: string | null | undefined;
}

/** @throws BAD_USER_INPUT for a range that ends before it begins */
export function readDateTimeRange(
  path: readonly string[],
  range: DateTimeRange | null | undefined,
): { from: Date | undefined; to: Date | undefined } | undefined {
  if (!range) return undefined;
  const { from, to } = { from: range.from ?? undefined, to: range.to ?? undefined };
  if (from !== undefined && to !== undefined && to < from)
    throw badUserInput(path, `"${path.at(-1)}" ends before it begins.`);
  return { from, to };
}

/** @throws BAD_USER_INPUT for a bound that is no amount of the currency */
export function readMoneyRange(
  path: readonly string[],
  range: MoneyRange | null | undefined,
): { currency: string; minMinor: bigint | undefined; maxMinor: bigint | undefined } | undefined {
  if (!range) return undefined;
  const currency = toCurrency(range.currency);
  const bound = (name: 'min' | 'max') => {
    const text = range[name];
    if (text === null || text === undefined) return undefined;
    const parsed = parseDecimal(text, currency);
    if (parsed.ok) return parsed.money.minor;
    if (parsed.problem === 'OUT_OF_RANGE') return text.startsWith('-') ? -MAX_MINOR : MAX_MINOR;
    throw badUserInput([...path, name], `"${name}" is not an amount in ${currency}.`);
  };
  return { currency, minMinor: bound('min'), maxMinor: bound('max') };
}

export const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

const MAX_RANGE_DAYS = 92;

/**
 * A list must not read more of its table than it shows (DESIGN section 4): a filter without an index needs a
 * span of time that is not too long. Its end is now when absent.
 *
 * @param indexed the fields that make a range unnecessary
 * @throws BAD_USER_INPUT saying which range is needed
 */
export function requireBoundedTime(
  createdAt: DateTimeRange | null | undefined,
  now: Date,
  indexed: readonly string[],
): void {
  const from = createdAt?.from?.getTime();
  const to = createdAt?.to?.getTime() ?? now.getTime();
  if (from !== undefined && to - from <= MAX_RANGE_DAYS * 86_400_000) return;
  throw badUserInput(
    ['filter', 'createdAt'],
    `This filter needs a "createdAt" range of at most ${MAX_RANGE_DAYS} days ("to" is now when absent), or one of: ${indexed.join(', ')}.`,
  );
}
