import { formatDecimal, type Money } from '../money.ts';
import { receiptTotalMinor } from '../refunds/receipt-total.ts';
import type { FiscalReceipt, ReceiptItem } from '../vocabulary.ts';
import { complain, readOptionalText, readText, within, type Place } from './input-rules.ts';
import { readCustomer, type ReceiptCustomerInput } from './read-customer.ts';
import { readPositiveMoney, type MoneyInput } from './read-money.ts';
import { isQuantity } from './read-quantity.ts';

const MAX_ITEMS = 80;
const MAX_DESCRIPTION_LENGTH = 128;
const MAX_WORD_LENGTH = 64;
const MAX_VAT_CODE = 12;
const MAX_TAX_SYSTEM_CODE = 6;

export interface ReceiptItemInput {
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: MoneyInput;
  readonly vatCode?: number | null | undefined;
  readonly tax?: string | null | undefined;
  readonly paymentMode?: string | null | undefined;
  readonly paymentSubject?: string | null | undefined;
  readonly measure?: string | null | undefined;
}

export interface FiscalReceiptInput {
  readonly customer: ReceiptCustomerInput;
  readonly items: readonly ReceiptItemInput[];
  readonly taxSystemCode?: number | null | undefined;
}

/**
 * A receipt whose items add up to the refund.
 *
 * @param amount what is refunded; undefined when that is only known later (`remaining`)
 */
export function readReceipt(
  parent: Place,
  input: FiscalReceiptInput | null | undefined,
  amount: Money | undefined,
): FiscalReceipt | null {
  if (!input) return null;
  const place = within(parent, 'receipt');
  const { items, taxSystemCode } = input;
  const customer = readCustomer(within(place, 'customer'), input.customer);
  if (
    taxSystemCode !== null &&
    taxSystemCode !== undefined &&
    !isBetween(1, taxSystemCode, MAX_TAX_SYSTEM_CODE)
  )
    complain(within(place, 'taxSystemCode'), `taxSystemCode is 1 to ${MAX_TAX_SYSTEM_CODE}.`);
  if (items.length < 1 || items.length > MAX_ITEMS) {
    complain(within(place, 'items'), `A receipt has 1 to ${MAX_ITEMS} items; this one has ${items.length}.`);
    return null;
  }
  const read = items.map((item, index) => readItem(within(place, 'items', String(index)), item));
  const complete = read.filter((item) => item !== undefined);
  const receipt = { customer, items: complete, taxSystemCode: taxSystemCode ?? null };
  if (amount !== undefined && complete.length === items.length)
    checkSum(within(place, 'items'), receipt, amount);
  return receipt;
}

const isBetween = (least: number, value: number, most: number): boolean => value >= least && value <= most;

function readItem(place: Place, item: ReceiptItemInput): ReceiptItem | undefined {
  const unitPrice = readPositiveMoney(within(place, 'unitPrice'), item.unitPrice);
  const quantityIsRight = isQuantity(item.quantity);
  if (!quantityIsRight)
    complain(within(place, 'quantity'), 'A quantity is a decimal above zero with at most three decimals.');
  const { vatCode = null, tax = null } = item;
  if (vatCode !== null && !isBetween(1, vatCode, MAX_VAT_CODE))
    complain(within(place, 'vatCode'), `vatCode is 1 to ${MAX_VAT_CODE}.`);
  if ((vatCode === null) === (tax === null))
    complain(
      within(place, 'vatCode'),
      'Give the tax rate once: as vatCode where the provider counts rates, as tax where it has words for them.',
    );
  const description = readText(within(place, 'description'), item.description, MAX_DESCRIPTION_LENGTH);
  const word = (name: 'tax' | 'paymentMode' | 'paymentSubject' | 'measure') =>
    readOptionalText(within(place, name), item[name], MAX_WORD_LENGTH);
  const words = {
    tax: word('tax'),
    paymentMode: word('paymentMode'),
    paymentSubject: word('paymentSubject'),
    measure: word('measure'),
  };
  if (unitPrice === undefined || !quantityIsRight) return undefined;
  return { description, quantity: item.quantity, unitPrice, vatCode, ...words };
}

function checkSum(place: Place, receipt: FiscalReceipt, amount: Money): void {
  const { currency } = amount;
  const foreign = receipt.items.findIndex((item) => item.unitPrice.currency !== currency);
  if (foreign !== -1)
    complain(
      within(place, String(foreign), 'unitPrice', 'currency'),
      `The refund is in ${currency}, so the items of its receipt are too.`,
    );
  else if (receiptTotalMinor(receipt) !== amount.minor)
    complain(
      place,
      `The items must add up to the refund exactly: ${formatDecimal(amount)} ${currency}. Check quantity times unitPrice.`,
    );
}
