import { ControlError } from '../control-error.ts';
import { controlMinor, paymentInstants } from '../control-input.ts';
import type { NewPayment } from '../simulator.ts';
import type { WireMoney } from '../money.ts';
import { ACCOUNTS, findAccount } from './accounts.ts';
import { exponentOf } from './currencies.ts';
import { isId, mintId } from './ids.ts';
import { defaultMethod, METHODS } from './methods.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

const STATUSES = { captured: 'captured', authorized: 'authorized', pending: 'created' } as const;

/** `POST /control/payments`: a payment as if a buyer had made it. Throws ControlError; `items` are not shown by the API. */
export function newPayment(store: Store, input: NewPayment, now: number): PaymentRecord {
  const account = findAccount(input.account ?? 'razorpay-demo');
  if (account === undefined) {
    const known = ACCOUNTS.map((candidate) => candidate.account).join(', ');
    throw new ControlError('account', `unknown account; known are ${known}`);
  }
  if (input.connector !== undefined) throw new ControlError('connector', 'razorpay has no connectors');
  if (input.sources !== undefined)
    throw new ControlError('sources', 'transfers of Razorpay Route are not simulated');
  const amountMinor = razorpayMinor(input.amount, input.amount.currency, 'amount');
  if (
    input.captured !== undefined &&
    razorpayMinor(input.captured, input.amount.currency, 'captured') !== amountMinor
  ) {
    throw new ControlError('captured.value', 'must be the amount: razorpay captures everything or nothing');
  }
  const { at, capturedAt } = paymentInstants(input, now);
  return {
    id: freeReference(store, input.reference),
    seq: store.nextSeq(),
    scope: account.accountId,
    status: STATUSES[input.status],
    currency: input.amount.currency,
    amountMinor,
    method: knownMethod(input),
    orderId: mintId('order'),
    at,
    ...(input.status === 'captured' && { capturedAt }),
  };
}

/** An amount of the control API in minor units; the wire has JSON numbers, which are exact up to 2^53 - 1 only. */
export function razorpayMinor(money: WireMoney, currency: string, field: string): bigint {
  const minor = controlMinor(money, currency, exponentOf(currency), field);
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) throw new ControlError(`${field}.value`, 'is too large');
  return minor;
}

function freeReference(store: Store, reference: string | undefined): string {
  if (reference === undefined) return mintId('pay');
  if (!isId('pay', reference)) throw new ControlError('reference', 'must be pay_ and 14 letters or digits');
  if (store.payments.has(reference)) throw new ControlError('reference', 'this payment exists already');
  return reference;
}

function knownMethod(input: NewPayment): string {
  const method = input.method ?? defaultMethod(input.amount.currency);
  if (!METHODS.has(method)) throw new ControlError('method', `known are ${[...METHODS.keys()].join(' ')}`);
  return method;
}
