import { isObject } from '../json.ts';
import { parseDecimal, priceOf } from './amounts.ts';
import { ApiError } from './api-error.ts';
import { cartTotal, cartWithout, type Line } from './cart.ts';
import { type Asked, findRepeated } from './external-id.ts';
import { blankOperation, dueSuccess } from './new-operation.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import { parseExternalId, parseText } from './refund-request.ts';
import type { Store } from './store.ts';

type Body = Record<string, unknown>;
type HoldType = 'VOID' | 'CAPTURE' | 'SUBMIT';

const ALLOWED_IN = { VOID: 'AUTHORIZED', CAPTURE: 'AUTHORIZED', SUBMIT: 'CONFIRMED' } as const;

/**
 * `POST /v1/orders/{id}/cancel`, `capture` and `submit`: gives a hold back, takes it or a smaller amount, or takes what is
 * paid on delivery. `repeated`: an operation that exists already. Throws 400 or 409 for the first broken rule.
 */
export function startHoldOperation(
  store: Store,
  order: OrderRecord,
  type: HoldType,
  body: Body,
  { asked, forgotten }: Asked,
  now: number,
): { operation: OperationRecord; repeated: boolean } {
  const externalId = parseExternalId(body['externalOperationId']);
  if (type === 'VOID' && (parseText(body['reason']) ?? '') === '') throw new ApiError('cancelReason');
  const known = forgotten ? undefined : findRepeated(store, order.merchantId, externalId, asked);
  if (known !== undefined) return { operation: known, repeated: true };
  if (store.findPending(order.id) !== undefined) throw new ApiError('anotherOperation');
  if (order.status !== ALLOWED_IN[type]) throw new ApiError('statusWrong');
  const lines = type === 'VOID' ? order.lines : takenLines(order, body);
  const operation: OperationRecord = {
    ...blankOperation(store, order, type, now),
    lines,
    amountMinor: cartTotal(lines),
    externalId,
    asked,
    due: store.settings.holdOperations === 'pending' ? null : dueSuccess(store, now),
  };
  store.putRefund(operation);
  return { operation, repeated: false };
}

function takenLines(order: OrderRecord, { cart = null, orderAmount = null }: Body): Line[] {
  const amountMinor = orderAmount === null ? undefined : parseDecimal(orderAmount);
  if (orderAmount !== null && (amountMinor === undefined || amountMinor === 0n)) {
    throw new ApiError('amountInvalid');
  }
  const orderedMinor = cartTotal(order.lines);
  if (amountMinor !== undefined && amountMinor > orderedMinor) throw new ApiError('captureAmount');
  if (cart === null) {
    const lines = cartWithout(order.lines, orderedMinor - (amountMinor ?? orderedMinor));
    if (lines === undefined) throw new ApiError('notDivisible');
    return lines;
  }
  const lines = newLines(order.lines, cart);
  const totalMinor = cartTotal(lines);
  if (totalMinor > orderedMinor) throw new ApiError('captureAmount');
  if (totalMinor === 0n || totalMinor !== (amountMinor ?? totalMinor)) throw new ApiError('cartMismatch');
  return lines;
}

// A cart as at the creation of an order: products with quantity and price, which may have become less.
function newLines(lines: readonly Line[], cart: unknown): Line[] {
  const items = isObject(cart) ? cart['items'] : undefined;
  if (!Array.isArray(items)) throw new ApiError('itemsInvalid');
  const named = new Set<unknown>();
  return (items as unknown[]).map((item) => {
    if (!isObject(item)) throw new ApiError('itemsInvalid');
    if (named.has(item['productId'])) throw new ApiError('productTwice');
    named.add(item['productId']);
    const line = lines.find(({ productId }) => productId === item['productId']);
    if (line === undefined) throw new ApiError('productUnknown');
    const { quantity } = item;
    const countHundredths = parseDecimal(isObject(quantity) ? quantity['count'] : undefined);
    if (countHundredths === undefined || countHundredths === 0n) throw new ApiError('quantityInvalid');
    const price = item['discountedUnitPrice'] ?? item['unitPrice'];
    const unitMinor = price === undefined ? line.unitMinor : parseDecimal(price);
    if (unitMinor === undefined) throw new ApiError('amountInvalid');
    if (priceOf(countHundredths, unitMinor) === undefined) throw new ApiError('notDivisible');
    return { ...line, countHundredths, unitMinor };
  });
}
