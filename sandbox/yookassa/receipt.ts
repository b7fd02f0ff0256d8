import { isObject } from '../json.ts';
import { invalid } from './api-error.ts';
import { parseAmount } from './refund-request.ts';

/** What the simulator keeps of fiscal data: the sum, exact in thousandths of a minor unit, and its currency. */
export interface Receipt {
  sumThousandths: bigint;
  currency: string;
}

const VAT_CODES = 12;
const QUANTITY = /^(\d{1,9})(?:\.(\d{1,3}))?$/;

/** Reads `receipt`: a customer to reach and items with description, quantity, unit price and VAT code. Throws 400. */
export function parseReceipt(value: unknown, maxItems: number): Receipt {
  if (!isObject(value)) throw invalid('receiptInvalid', 'receipt');
  const customer = value['customer'];
  if (
    !isObject(customer) ||
    (typeof customer['email'] !== 'string' && typeof customer['phone'] !== 'string')
  ) {
    throw invalid('receiptInvalid', 'receipt.customer');
  }
  const items = value['items'];
  if (!Array.isArray(items) || items.length === 0 || items.length > maxItems) {
    throw invalid('receiptInvalid', 'receipt.items');
  }
  const lines = items.map(parseItem);
  const currency = lines[0]?.currency ?? '';
  if (lines.some((line) => line.currency !== currency))
    throw invalid('receiptInvalid', 'receipt.items.amount');
  return { sumThousandths: lines.reduce((sum, line) => sum + line.sumThousandths, 0n), currency };
}

/** The sum of quantity times unit price must be the refund amount, without rounding. Throws 400. */
export function checkReceiptSum(receipt: Receipt, amount: { minor: bigint; currency: string }): void {
  if (receipt.currency !== amount.currency || receipt.sumThousandths !== amount.minor * 1_000n) {
    throw invalid('receiptSum', 'receipt');
  }
}

function parseItem(item: unknown): Receipt {
  if (!isObject(item)) throw invalid('receiptInvalid', 'receipt.items');
  const { description, vat_code: vatCode } = item;
  if (typeof description !== 'string' || description.length < 1 || description.length > 128) {
    throw invalid('receiptInvalid', 'receipt.items.description');
  }
  if (typeof vatCode !== 'number' || !Number.isInteger(vatCode) || vatCode < 1 || vatCode > VAT_CODES) {
    throw invalid('receiptInvalid', 'receipt.items.vat_code');
  }
  const price = parseAmount(item['amount'], 'receipt.items.amount');
  return { sumThousandths: parseQuantity(item['quantity']) * price.minor, currency: price.currency };
}

// A JSON number by the specification; published clients send it as a string as well.
function parseQuantity(value: unknown): bigint {
  const match = typeof value === 'number' || typeof value === 'string' ? QUANTITY.exec(String(value)) : null;
  const thousandths = match === null ? 0n : BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(3, '0'));
  if (thousandths <= 0n) throw invalid('receiptInvalid', 'receipt.items.quantity');
  return thousandths;
}
