import { ControlError } from '../control-error.ts';
import { controlMinor, paymentInstants } from '../control-input.ts';
import { parseMinor } from '../money.ts';
import type { NewPayment } from '../simulator.ts';
import { findShop, SHOPS } from './accounts.ts';
import { CURRENCY, EXPONENT } from './amount.ts';
import { freeInvoiceId, isInvoiceId, opKeyOf } from './ids.ts';
import { type PaymentRecord, type ReceiptItem, STATES, type StateCode } from './records.ts';
import type { Store } from './store.ts';

const STATE_OF = {
  captured: STATES.paid,
  authorized: STATES.held,
  pending: STATES.created,
} as const satisfies Record<NewPayment['status'], StateCode>;
const QUANTITY_DECIMALS = 3;

/** `POST /control/payments`: a payment as if a buyer had made it. Throws ControlError. */
export function newPayment(store: Store, input: NewPayment, now: number): PaymentRecord {
  const shop = findShop(input.account ?? 'robokassa-demo');
  if (shop === undefined) {
    const known = SHOPS.map(({ account }) => account).join(', ');
    throw new ControlError('account', `unknown account; known are ${known}`);
  }
  if (input.connector !== undefined) throw new ControlError('connector', 'robokassa has no connectors');
  if (input.sources !== undefined) throw new ControlError('sources', 'split payments are not simulated');
  const amountMinor = controlMinor(input.amount, CURRENCY, EXPONENT, 'amount');
  const outMinor = capturedMinor(input, amountMinor);
  const { at, capturedAt } = paymentInstants(input, now);
  const id = freeReference(store, input.reference);
  const state = stateOf(input);
  return {
    id,
    seq: store.nextSeq(),
    merchantLogin: shop.merchantLogin,
    opKey: opKeyOf(id),
    state,
    outMinor,
    incMinor: paidMinor(input, outMinor),
    releasedMinor: amountMinor - outMinor,
    method: methodOf(input, state),
    at,
    stateAt: capturedAt,
    ...(state === STATES.held && { expiresAt: at + store.settings.holdSeconds * 1_000 }),
    items: (input.items ?? []).map(receiptItem),
  };
}

function capturedMinor({ captured, status }: NewPayment, amountMinor: bigint): bigint {
  if (captured === undefined) return amountMinor;
  if (status !== 'captured') throw new ControlError('captured', 'only for status captured');
  const minor = controlMinor(captured, CURRENCY, EXPONENT, 'captured');
  if (minor > amountMinor) throw new ControlError('captured.value', 'is more than the amount');
  return minor;
}

function paidMinor({ paidByBuyer }: NewPayment, outMinor: bigint): bigint {
  return paidByBuyer === undefined ? outMinor : controlMinor(paidByBuyer, CURRENCY, EXPONENT, 'paidByBuyer');
}

function freeReference(store: Store, reference: string | undefined): string {
  if (reference === undefined) return freeInvoiceId(store);
  if (!isInvoiceId(reference)) {
    throw new ControlError('reference', 'a robokassa InvoiceID is an integer from 1 to 9223372036854775807');
  }
  if (store.payments.has(reference)) throw new ControlError('reference', 'this payment exists already');
  return reference;
}

function stateOf({ state, status }: NewPayment): StateCode {
  if (state === undefined) return STATE_OF[status];
  const code = Object.values(STATES).find((known) => String(known) === state);
  if (code === undefined) {
    throw new ControlError('state', `known are ${Object.values(STATES).join(' ')}`);
  }
  return code;
}

function methodOf({ method = 'BankCard' }: NewPayment, state: StateCode): string {
  if (!/^[A-Za-z0-9]{1,32}$/.test(method)) throw new ControlError('method', 'must be letters and digits');
  if (state === STATES.held && method !== 'BankCard') {
    throw new ControlError('method', 'only BankCard payments can be held');
  }
  return method;
}

function receiptItem(
  { title, quantity, unitPrice }: NonNullable<NewPayment['items']>[number],
  index: number,
): ReceiptItem {
  const quantityMilli = parseMinor(quantity, QUANTITY_DECIMALS);
  if (quantityMilli === undefined || quantityMilli === 0n) {
    throw new ControlError(
      `items.${index}.quantity`,
      'must be a decimal text above zero with at most 3 decimals',
    );
  }
  const costMinor = controlMinor(unitPrice, CURRENCY, EXPONENT, `items.${index}.unitPrice`);
  return { name: title, quantityMilli, costMinor };
}
