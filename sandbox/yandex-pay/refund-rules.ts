import { getMerchant } from './accounts.ts';
import { parseDecimal, priceOf } from './amounts.ts';
import { ApiError } from './api-error.ts';
import { cartTotal, type Line } from './cart.ts';
import type { OrderRecord } from './records.ts';
import type { RefundRequest, TargetItem } from './refund-request.ts';
import type { Store } from './store.ts';

/**
 * Whether an order can be refunded by this request: nothing running, state, amount, minimums, cart, sum, in this order.
 * Returns the cart after the refund. Throws 409 or 400 for the first rule that it breaks.
 */
export function checkRefund(store: Store, order: OrderRecord, request: RefundRequest): Line[] {
  checkRefundable(store, order, request.amountMinor);
  const lines = request.target === undefined ? [] : targetLines(order.lines, request.target);
  if (cartTotal(order.lines) - cartTotal(lines) !== request.amountMinor) throw new ApiError('cartMismatch');
  return lines;
}

/** The rules that hold for refunds of the provider's console too: everything but the cart. Throws 409 or 400. */
export function checkRefundable(store: Store, order: OrderRecord, amountMinor: bigint): void {
  if (store.findPending(order.id) !== undefined) throw new ApiError('anotherOperation');
  if (order.status !== 'CAPTURED' && order.status !== 'PARTIALLY_REFUNDED') throw new ApiError('statusWrong');
  const remainderMinor = cartTotal(order.lines) - amountMinor;
  if (remainderMinor < 0n) throw new ApiError('amountExceeds');
  if (getMerchant(order.merchantId).edition === 'uzbekistan') return; // no minimum is documented there
  const leastMinor = parseDecimal(store.settings.minimumRefund) ?? 0n;
  if (amountMinor < leastMinor) throw new ApiError('amountMinimum');
  if (remainderMinor > 0n && remainderMinor < leastMinor) throw new ApiError('amountRemainder');
}

// A product that the target does not name was given back as a whole.
function targetLines(lines: readonly Line[], target: ReadonlyMap<string, TargetItem>): Line[] {
  for (const productId of target.keys()) {
    if (!lines.some((line) => line.productId === productId)) throw new ApiError('productUnknown');
  }
  return lines.flatMap((line) => {
    const item = target.get(line.productId);
    return item === undefined ? [] : reducedLine(line, item);
  });
}

function reducedLine(line: Line, item: TargetItem): Line[] {
  const { countHundredths = line.countHundredths, unitMinor = line.unitMinor } = item;
  if (countHundredths > line.countHundredths) throw new ApiError('quantityExceeds');
  if (unitMinor > line.unitMinor) throw new ApiError('priceRaised');
  if (countHundredths === 0n) return [];
  if (priceOf(countHundredths, unitMinor) === undefined) throw new ApiError('notDivisible');
  return [{ ...line, countHundredths, unitMinor }];
}
