import { randomUUID } from 'node:crypto';
import { ControlError } from '../control-error.ts';
import { controlMinor, paymentInstants } from '../control-input.ts';
import type { NewPayment } from '../simulator.ts';
import { findMerchant, type Merchant, MERCHANTS } from './accounts.ts';
import { DECIMALS, parseDecimal, priceOf } from './amounts.ts';
import { cartTotal, cartWithout, type Line } from './cart.ts';
import type { OrderRecord, OrderStatus } from './records.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';

const METHODS = ['card', 'split', 'sbp'];

/** `POST /control/payments`: an order as if a buyer had paid it. Throws ControlError. */
export function newPayment(store: Store, input: NewPayment, now: number): OrderRecord {
  const merchant = findMerchant(input.account ?? 'yandex-pay-demo');
  if (merchant === undefined) {
    throw new ControlError(
      'account',
      `unknown account; known are ${MERCHANTS.map((one) => one.account).join(', ')}`,
    );
  }
  if (input.sources !== undefined) {
    throw new ControlError('sources', 'a yandex-pay order has no sellers to split it between');
  }
  if (input.connector !== undefined) throw new ControlError('connector', 'yandex-pay has no connectors');
  const method = knownMethod(input, merchant);
  const currency = currencyOf(merchant, store.settings);
  const orderedMinor = controlMinor(input.amount, currency, DECIMALS, 'amount');
  const lines = takenLines(input, orderedLines(input, orderedMinor, currency), currency);
  const { at, capturedAt } = paymentInstants(input, now);
  const isPaid = input.status === 'captured';
  const capturedMinor = isPaid ? cartTotal(lines) : 0n;
  return {
    id: freeReference(store, input.reference),
    seq: store.nextSeq(),
    merchantId: merchant.merchantId,
    status: statusOf(input.status, method),
    currency,
    orderedMinor,
    capturedMinor,
    releasedMinor: isPaid ? orderedMinor - capturedMinor : 0n,
    lines,
    method,
    refundFailed: false,
    at,
    updatedAt: isPaid ? capturedAt : at,
  };
}

/** The currency of an edition's orders. That of the Uzbek one is not documented beyond doubt. */
export function currencyOf({ edition }: Merchant, { uzbekCurrency }: Settings): string {
  return edition === 'russia' ? 'RUB' : uzbekCurrency;
}

// An order that is paid on delivery in parts is confirmed, not authorized (docs payments/statuses).
function statusOf(status: NewPayment['status'], method: string): OrderStatus {
  if (status === 'captured') return 'CAPTURED';
  if (status === 'pending') return 'PENDING';
  return method === 'split' ? 'CONFIRMED' : 'AUTHORIZED';
}

function knownMethod({ method = 'card', status }: NewPayment, { edition }: Merchant): string {
  if (!METHODS.includes(method)) throw new ControlError('method', `known are ${METHODS.join(' ')}`);
  if (status !== 'authorized') return method;
  if (edition === 'uzbekistan')
    throw new ControlError('status', 'the Uzbek edition has one-step payments only');
  if (method === 'sbp') throw new ControlError('method', 'sbp is charged at once: it has no holds');
  return method;
}

function orderedLines({ items }: NewPayment, amountMinor: bigint, currency: string): Line[] {
  if (items === undefined) return [lineOf('item-1', 'Simulated order', 100n, amountMinor)];
  const lines = items.map(({ id, title, quantity, unitPrice }, index) => {
    const field = `items.${index}`;
    const countHundredths = parseDecimal(quantity);
    if (countHundredths === undefined || countHundredths === 0n) {
      throw new ControlError(`${field}.quantity`, 'must be more than zero, with at most 2 decimals');
    }
    const unitMinor = controlMinor(unitPrice, currency, DECIMALS, `${field}.unitPrice`);
    if (priceOf(countHundredths, unitMinor) === undefined) {
      throw new ControlError(
        `${field}.unitPrice`,
        'times the quantity must be a whole number of minor units',
      );
    }
    return lineOf(id, title, countHundredths, unitMinor);
  });
  if (new Set(lines.map(({ productId }) => productId)).size < lines.length) {
    throw new ControlError('items', 'every id can be there once only');
  }
  if (cartTotal(lines) !== amountMinor) throw new ControlError('amount', 'must be the total of the items');
  return lines;
}

function takenLines({ captured, status }: NewPayment, lines: Line[], currency: string): Line[] {
  if (captured === undefined) return lines;
  if (status !== 'captured') throw new ControlError('captured', 'only with status captured');
  const releasedMinor = cartTotal(lines) - controlMinor(captured, currency, DECIMALS, 'captured');
  if (releasedMinor < 0n) throw new ControlError('captured.value', 'is more than the amount');
  const taken = cartWithout(lines, releasedMinor);
  if (taken === undefined) throw new ControlError('captured.value', 'cannot be divided by the quantities');
  return taken;
}

function lineOf(productId: string, title: string, countHundredths: bigint, unitMinor: bigint): Line {
  return { productId, title, countHundredths, unitMinor, orderedUnitMinor: unitMinor };
}

function freeReference(store: Store, reference: string | undefined): string {
  if (reference === undefined) return `order-${randomUUID()}`;
  if (store.payments.has(reference)) throw new ControlError('reference', 'this order exists already');
  return reference;
}
