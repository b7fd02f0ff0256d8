import { ControlError } from '../control-error.ts';
import { controlMinor, paymentInstants } from '../control-input.ts';
import type { WireMoney } from '../money.ts';
import type { NewPayment } from '../simulator.ts';
import { ACCOUNTS, DEFAULT_ACCOUNT, findAccount } from './accounts.ts';
import type { Connector } from './connector.ts';
import { exponentOf } from './currencies.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

/** `POST /control/payments`: a payment as if a buyer had made it. Throws ControlError. */
export function newPayment(
  store: Store,
  connector: Connector,
  input: NewPayment,
  now: number,
): PaymentRecord {
  const account = findAccount(input.account ?? DEFAULT_ACCOUNT);
  if (account === undefined) {
    const known = ACCOUNTS.map((candidate) => candidate.account).join(', ');
    throw new ControlError('account', `unknown account; known are ${known}`);
  }
  if (input.sources !== undefined) throw new ControlError('sources', 'split payments are not simulated');
  if (input.method !== undefined) throw new ControlError('method', 'payments behind Prism have no method');
  const { currency } = input.amount;
  const amountMinor = prismMinor(input.amount, currency, 'amount');
  const { at, capturedAt } = paymentInstants(input, now);
  const captured = input.status === 'captured';
  return {
    id: freeReference(store, connector, input.reference),
    seq: store.nextSeq(),
    at,
    connector: connector.name,
    account: account.account,
    status: input.status,
    currency,
    amountMinor,
    capturedMinor: captured ? capturedMinor(input, amountMinor) : 0n,
    ...(captured && { capturedAt }),
  };
}

/** An amount of the control API in minor units; the wire has JSON numbers, which are exact up to 2^53 - 1 only. */
export function prismMinor(money: WireMoney, currency: string, field: string): bigint {
  const minor = controlMinor(money, currency, exponentOf(currency), field);
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) throw new ControlError(`${field}.value`, 'is too large');
  return minor;
}

function capturedMinor(input: NewPayment, amountMinor: bigint): bigint {
  if (input.captured === undefined) return amountMinor;
  const minor = prismMinor(input.captured, input.amount.currency, 'captured');
  if (minor > amountMinor) throw new ControlError('captured.value', 'is more than the amount');
  return minor;
}

function freeReference(store: Store, connector: Connector, reference: string | undefined): string {
  if (reference === undefined) return connector.mintPaymentId();
  if (!connector.isPaymentId(reference))
    throw new ControlError('reference', `must be ${connector.paymentIdForm}`);
  if (store.payments.has(reference)) throw new ControlError('reference', 'this payment exists already');
  return reference;
}
