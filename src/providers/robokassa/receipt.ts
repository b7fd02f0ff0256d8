import type { Money } from '../../money.ts';
import type { FiscalReceipt, ReceiptItem } from '../../vocabulary.ts';
import type { OrderProblem } from '../provider.ts';
import { quantityInThousandths } from '../receipt-quantity.ts';
import { CURRENCY, toJsonNumber } from './money.ts';

/** Limits of `InvoiceItems` (docs.robokassa.ru/ru/refund-api; the number of items as in cms-wordpress, RefundApi.php). */
const MAX_ITEMS = 100;
const MAX_NAME = 128;

/** The words of `Tax` (docs.robokassa.ru/ru/refund-api). */
const taxes: readonly string[] = [
  'none',
  'vat0',
  'vat5',
  'vat7',
  'vat10',
  'vat20',
  'vat22',
  'vat105',
  'vat107',
  'vat110',
  'vat120',
  'vat122',
];

const paymentMethods: readonly string[] = [
  'full_prepayment',
  'prepayment',
  'advance',
  'full_payment',
  'partial_payment',
  'credit',
  'credit_payment',
];

/** What can be said against a receipt beforehand; its items add up to the refund exactly. */
export function receiptProblems(receipt: FiscalReceipt, amount: Money): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  if (receipt.items.length === 0 || receipt.items.length > MAX_ITEMS)
    problems.push({ path: ['receipt', 'items'], message: `A receipt has 1 to ${MAX_ITEMS} items.` });
  for (const [index, item] of receipt.items.entries())
    for (const [field, message] of itemProblems(item))
      problems.push({ path: ['receipt', 'items', String(index), field], message });
  const thousandths = receipt.items.reduce(
    (sum, item) => sum + quantityInThousandths(item.quantity) * item.unitPrice.minor,
    0n,
  );
  if (problems.length === 0 && thousandths !== amount.minor * 1000n)
    problems.push({
      path: ['receipt', 'items'],
      message: 'The items do not add up to the amount of the refund.',
    });
  return problems;
}

function* itemProblems(item: ReceiptItem): Generator<readonly [field: string, message: string]> {
  if (item.description === '' || item.description.length > MAX_NAME)
    yield ['description', `A description has 1 to ${MAX_NAME} characters.`];
  if (quantityInThousandths(item.quantity) <= 0n)
    yield ['quantity', 'A quantity is above zero, below a million and has at most three decimals.'];
  if (item.unitPrice.currency !== CURRENCY || item.unitPrice.minor <= 0n)
    yield ['unitPrice', `A unit price is above zero and in ${CURRENCY}.`];
  // The numbers of rates differ between providers and the fiscal format of the law: a number is never made a word.
  if (item.tax == null || !taxes.includes(item.tax))
    yield ['tax', `RoboKassa has words for tax rates: one of ${taxes.join(', ')}.`];
  if (item.paymentMode === null || !paymentMethods.includes(item.paymentMode))
    yield ['paymentMode', `A payment mode is one of ${paymentMethods.join(', ')}.`];
  if (item.paymentSubject === null || !/^[a-z_]{1,32}$/.test(item.paymentSubject))
    yield ['paymentSubject', 'A payment subject is a word as at the checkout, such as commodity.'];
}

/** The `InvoiceItems` of a receipt without problems, as compact JSON with numbers printed from integers. */
export function invoiceItems({ items }: FiscalReceipt): string {
  const wire = items.map(
    (item) =>
      `{"Name":${JSON.stringify(item.description)},"Quantity":${quantityToJson(item.quantity)},` +
      `"Cost":${toJsonNumber(item.unitPrice)},"Tax":"${item.tax}",` +
      `"PaymentMethod":"${item.paymentMode}","PaymentObject":"${item.paymentSubject}"}`,
  );
  return `[${wire.join(',')}]`;
}

const quantityToJson = (quantity: string): string =>
  quantity.includes('.') ? quantity.replace(/\.?0+$/, '') : quantity;
