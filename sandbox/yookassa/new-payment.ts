import { ControlError } from '../control-error.ts';
import { controlMinor, paymentInstants } from '../control-input.ts';
import type { NewPayment } from '../simulator.ts';
import { findShop, SHOPS } from './accounts.ts';
import { mintId } from './ids.ts';
import { METHODS } from './methods.ts';
import { CURRENCIES, EXPONENT, type PaymentRecord, type TransferRecord } from './records.ts';
import type { Store } from './store.ts';

const STATUSES = { captured: 'succeeded', authorized: 'waiting_for_capture', pending: 'pending' } as const;

/** `POST /control/payments`: a payment as if a buyer had made it. Throws ControlError; `items` are not shown by the API. */
export function newPayment(store: Store, input: NewPayment, now: number): PaymentRecord {
  const shop = findShop(input.account ?? 'yookassa-demo');
  if (shop === undefined) {
    throw new ControlError(
      'account',
      `unknown account; known are ${SHOPS.map((known) => known.account).join(', ')}`,
    );
  }
  if (input.connector !== undefined) throw new ControlError('connector', 'yookassa has no connectors');
  const { currency } = input.amount;
  if (!CURRENCIES.has(currency)) {
    throw new ControlError('amount.currency', `yookassa knows ${[...CURRENCIES].join(' ')}`);
  }
  const amountMinor = controlMinor(input.amount, currency, EXPONENT, 'amount');
  const keptMinor = capturedMinor(input, amountMinor);
  const { at, capturedAt } = paymentInstants(input, now);
  return {
    id: freeReference(store, input.reference, at),
    seq: store.nextSeq(),
    shopId: shop.shopId,
    status: STATUSES[input.status],
    currency,
    amountMinor: keptMinor,
    releasedMinor: amountMinor - keptMinor,
    at,
    ...(input.status === 'captured' && { capturedAt }),
    ...methodAndHold(input, at),
    transfers: transfersOf(input, keptMinor, currency),
  };
}

function capturedMinor(input: NewPayment, amountMinor: bigint): bigint {
  if (input.captured === undefined) return amountMinor;
  if (input.status !== 'captured') throw new ControlError('captured', 'only for status captured');
  const minor = controlMinor(input.captured, input.amount.currency, EXPONENT, 'captured');
  if (minor > amountMinor) throw new ControlError('captured.value', 'is more than the amount');
  return minor;
}

function freeReference(store: Store, reference: string | undefined, at: number): string {
  if (reference === undefined) return mintId('payment', at);
  if (reference.length !== 36) throw new ControlError('reference', 'yookassa payment ids have 36 characters');
  if (store.payments.has(reference)) throw new ControlError('reference', 'this payment exists already');
  return reference;
}

function methodAndHold(input: NewPayment, at: number): { method: string; expiresAt?: number } {
  const name = input.method ?? 'bank_card';
  const method = METHODS.get(name);
  if (method === undefined) throw new ControlError('method', `known are ${[...METHODS.keys()].join(' ')}`);
  if (input.status !== 'authorized') return { method: name };
  if (method.holdSeconds === undefined) throw new ControlError('method', `${name} payments cannot be held`);
  return { method: name, expiresAt: at + method.holdSeconds * 1_000 };
}

function transfersOf(input: NewPayment, totalMinor: bigint, currency: string): TransferRecord[] {
  if (input.sources === undefined) return [];
  const transfers = input.sources.map(({ account, amount, platformFee }, index): TransferRecord => {
    const field = `sources.${index}`;
    const amountMinor = controlMinor(amount, currency, EXPONENT, `${field}.amount`);
    const feeMinor =
      platformFee === undefined
        ? undefined
        : controlMinor(platformFee, currency, EXPONENT, `${field}.platformFee`);
    if ((feeMinor ?? 0n) > amountMinor)
      throw new ControlError(`${field}.platformFee`, 'is more than the share');
    return { accountId: account, amountMinor, feeMinor };
  });
  if (new Set(transfers.map((transfer) => transfer.accountId)).size !== transfers.length) {
    throw new ControlError('sources', 'an account appears twice');
  }
  if (transfers.reduce((sum, transfer) => sum + transfer.amountMinor, 0n) !== totalMinor) {
    throw new ControlError('sources', 'the shares must add up to the captured amount');
  }
  return transfers;
}
