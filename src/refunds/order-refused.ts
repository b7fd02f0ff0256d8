import type { Payment } from '../db/payments.ts';
import { invalidInput, type Problem } from '../errors.ts';
import { toCurrency } from '../money.ts';
import type { OrderProblem } from '../providers/provider.ts';
import { notAllocatable } from './amount-rules.ts';
import { refundableOf } from './refundability.ts';

/** What the provider would certainly refuse; where another amount would do, the nearest ones are named. */
export function orderRefused(
  payment: Payment,
  amountMinor: bigint,
  { path, message, nearestMinor }: OrderProblem,
): Problem {
  const place = ['input', ...path];
  if (nearestMinor === undefined) return invalidInput(place, message);
  const nearest = nearestMinor.filter((minor) => minor > 0n && minor <= refundableOf(payment));
  return notAllocatable(message, place, toCurrency(payment.currency), amountMinor, nearest);
}
