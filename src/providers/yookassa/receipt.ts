import type { Money } from '../../money.ts';
import type { FiscalReceipt, ReceiptItem } from '../../vocabulary.ts';
import type { OrderProblem } from '../provider.ts';
import { quantityInThousandths } from '../receipt-quantity.ts';
import { toWire } from './money.ts';

/** Limits of the `receipt` object (OpenAPI `ReceiptData`, `ReceiptDataItem`); 100 items need an own cash register. */
const MAX_ITEMS = 100;
const MAX_DESCRIPTION = 128;

/**
 * What can be said against a receipt beforehand. The sum of quantity times price must be the refund's amount exactly;
 * what YooKassa answers to a mismatch is not documented.
 */
export function receiptProblems(receipt: FiscalReceipt, amount: Money): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  const object = (path: readonly string[], message: string): void => {
    problems.push({ path: ['receipt', ...path], message });
  };
  if (receipt.items.length === 0 || receipt.items.length > MAX_ITEMS) {
    object(['items'], `A receipt has 1 to ${MAX_ITEMS} items.`);
  }
  for (const [index, item] of receipt.items.entries()) {
    const at = (field: string): readonly string[] => ['items', String(index), field];
    if (item.description === '' || item.description.length > MAX_DESCRIPTION) {
      object(at('description'), `A description has 1 to ${MAX_DESCRIPTION} characters.`);
    }
    if (quantityInThousandths(item.quantity) <= 0n) {
      object(at('quantity'), 'A quantity is above zero, below a million and has at most three decimals.');
    }
    if (item.unitPrice.currency !== amount.currency || item.unitPrice.minor <= 0n) {
      object(at('unitPrice'), `A unit price is above zero and in ${amount.currency}.`);
    }
    const { vatCode } = item;
    if (vatCode === null || !Number.isInteger(vatCode) || vatCode < 1 || vatCode > 12) {
      object(at('vatCode'), 'YooKassa counts tax rates: a VAT code is 1 to 12.');
    }
  }
  const totalThousandths = receipt.items.reduce(
    (total, item) => total + quantityInThousandths(item.quantity) * item.unitPrice.minor,
    0n,
  );
  if (problems.length === 0 && totalThousandths !== amount.minor * 1000n) {
    object(['items'], 'The items do not add up to the amount of the refund.');
  }
  return problems;
}

/** The receipt as it is sent; for one without problems. */
export function receiptToWire(receipt: FiscalReceipt): object {
  const { customer, taxSystemCode } = receipt;
  return {
    customer: present({
      full_name: customer.fullName,
      inn: customer.inn,
      email: customer.email,
      phone: customer.phone,
    }),
    items: receipt.items.map(itemToWire),
    ...present({ tax_system_code: taxSystemCode }),
  };
}

function itemToWire(item: ReceiptItem): object {
  return {
    description: item.description,
    // Nine digits at most: a JavaScript number prints them exactly.
    quantity: Number(item.quantity),
    amount: toWire(item.unitPrice),
    vat_code: item.vatCode,
    ...present({
      payment_mode: item.paymentMode,
      payment_subject: item.paymentSubject,
      measure: item.measure,
    }),
  };
}

function present(fields: Readonly<Record<string, string | number | null>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
