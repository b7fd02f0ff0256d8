import { ControlError } from '../control-error.ts';
import { controlMinor, paymentInstants } from '../control-input.ts';
import type { WireMoney } from '../money.ts';
import type { NewPayment } from '../simulator.ts';
import { ACCOUNTS, findAccount } from './accounts.ts';
import { exponentOf, stepOf } from './currencies.ts';
import { mintId } from './ids.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

const STATUSES = {
  captured: 'succeeded',
  authorized: 'requires_capture',
  pending: 'requires_payment_method',
} as const;

/** `POST /control/payments`: a card payment as if a buyer had made it. Throws ControlError. */
export function newPayment(store: Store, input: NewPayment, now: number): PaymentRecord {
  const account = findAccount(input.account ?? 'stripe-demo');
  if (account === undefined) {
    const known = ACCOUNTS.map((candidate) => candidate.account).join(', ');
    throw new ControlError('account', `unknown account; known are ${known}`);
  }
  refuseForeign(input);
  const { currency } = input.amount;
  const amountMinor = stripeMinor(input.amount, currency, 'amount');
  const isCaptured = input.status === 'captured';
  const capturedMinor = isCaptured ? capturedOf(input, amountMinor) : 0n;
  const { at, capturedAt } = paymentInstants(input, now);
  return {
    id: freeReference(store, input.reference),
    seq: store.nextSeq(),
    scope: account.accountId,
    status: STATUSES[input.status],
    currency,
    amountMinor,
    capturedMinor,
    releasedMinor: isCaptured ? amountMinor - capturedMinor : 0n,
    captureMethod: isCaptured && capturedMinor === amountMinor ? 'automatic' : 'manual',
    at,
    ...(isCaptured && { capturedAt }),
    metadata: {},
  };
}

/** An amount of the control API in minor units of the wire. Throws ControlError for one that Stripe cannot count. */
export function stripeMinor(money: WireMoney, currency: string, field: string): bigint {
  const minor = controlMinor(money, currency, exponentOf(currency), field);
  const step = stepOf(currency);
  if (minor % step !== 0n)
    throw new ControlError(`${field}.value`, `must be a multiple of ${step} minor units`);
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) throw new ControlError(`${field}.value`, 'is too large');
  return minor;
}

function refuseForeign({ connector, method, sources, items }: NewPayment): void {
  if (connector !== undefined && connector !== 'stripe')
    throw new ControlError('connector', 'stripe has no connectors');
  if (method !== undefined && method !== 'card') throw new ControlError('method', 'only card is simulated');
  if (sources !== undefined)
    throw new ControlError('sources', 'transfers of Stripe Connect are not simulated');
  if (items !== undefined) throw new ControlError('items', 'a payment intent has no items');
}

function capturedOf({ captured, amount }: NewPayment, amountMinor: bigint): bigint {
  if (captured === undefined) return amountMinor;
  const minor = stripeMinor(captured, amount.currency, 'captured');
  if (minor > amountMinor) throw new ControlError('captured.value', 'is more than the amount');
  return minor;
}

function freeReference(store: Store, reference: string | undefined): string {
  if (reference === undefined) return mintId('pi');
  if (!/^pi_[A-Za-z0-9]{1,64}$/.test(reference))
    throw new ControlError('reference', 'must be pi_ and letters or digits');
  if (store.payments.has(reference)) throw new ControlError('reference', 'this payment exists already');
  return reference;
}
