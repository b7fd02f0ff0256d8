import { isObject } from '../json.ts';
import { parseMinor } from '../money.ts';
import { kopecksOfNumber } from './amount.ts';
import { Rejection } from './rejection.ts';
import type { ReceiptItem } from './records.ts';

/** What a refund is asked for. Without an amount: everything that is left. */
export interface RefundRequest {
  amountMinor: bigint | undefined;
  items: readonly ReceiptItem[];
}

const MAX_ITEMS = 100;
const MAX_NAME = 128;
const QUANTITY_DECIMALS = 3;
const TAXES = new Set('none vat0 vat5 vat7 vat10 vat20 vat22 vat105 vat107 vat110 vat120 vat122'.split(' '));
const PAYMENT_METHODS = new Set(
  'full_prepayment prepayment advance full_payment partial_payment credit credit_payment'.split(' '),
);

/** Reads the claims of a refund JWT (docs.robokassa.ru/ru/refund-api); throws a Rejection. Unknown claims are ignored. */
export function parseRefundClaims(claims: Record<string, unknown>, checkItems: boolean): RefundRequest {
  const { RefundSum: sum, InvoiceItems: items } = claims;
  const amountMinor = sum === undefined || sum === null ? undefined : kopecksOfNumber(sum);
  if (sum !== undefined && sum !== null && (amountMinor === undefined || amountMinor === 0n)) {
    throw new Rejection('badSum');
  }
  if (!checkItems || items === undefined || items === null) return { amountMinor, items: [] };
  if (!Array.isArray(items) || items.length > MAX_ITEMS) throw new Rejection('badItems');
  return { amountMinor, items: items.map(parseItem) };
}

function parseItem(item: unknown): ReceiptItem {
  if (!isObject(item)) throw new Rejection('badItems');
  const { Name: name, Quantity: quantity, Cost: cost, Tax, PaymentMethod, PaymentObject } = item;
  const quantityMilli =
    typeof quantity === 'number' ? parseMinor(String(quantity), QUANTITY_DECIMALS) : undefined;
  const costMinor = kopecksOfNumber(cost);
  if (
    typeof name !== 'string' ||
    name.length === 0 ||
    name.length > MAX_NAME ||
    quantityMilli === undefined ||
    quantityMilli === 0n ||
    costMinor === undefined ||
    !TAXES.has(String(Tax)) ||
    !PAYMENT_METHODS.has(String(PaymentMethod)) ||
    typeof PaymentObject !== 'string'
  ) {
    throw new Rejection('badItems');
  }
  return { name, quantityMilli, costMinor };
}
