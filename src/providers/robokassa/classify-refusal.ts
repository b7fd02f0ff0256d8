import type { Failure } from '../../errors.ts';
import type { Money } from '../../money.ts';
import { failure } from '../failure.ts';
import type { Look, PaymentFacts } from '../provider.ts';
import { rejected } from './errors.ts';
import { isNotYetRefundable } from './payment.ts';

export interface Refusal {
  /** RoboKassa's own; null where it gave none. */
  readonly message: string | null;
  readonly requested: Money;
  /** The payment, read again after the refusal. */
  readonly payment: Look<PaymentFacts>;
}

type Reason = readonly [code: Failure['code'], retry: Failure['retry'], message: string];

/**
 * Why RoboKassa refused a refund: by the state of the payment, then by the message. `NotEnoughOperationFunds` is the
 * only documented message (docs.robokassa.ru/ru/refund-api); the other words are looked for in any case and form, and
 * choose the code of a refusal, nothing else.
 */
export function classifyRefusal({ message, requested, payment }: Refusal): Failure {
  const reason = byState(requested, payment) ?? byMessage(message?.toLowerCase() ?? '');
  if (reason === undefined)
    return rejected('RoboKassa refused this refund; its answer is kept as evidence.', wordOf(message));
  const [code, retry, text] = reason;
  return failure(code, retry, text, wordOf(message));
}

/** A message that is one identifier, and nothing that a person wrote. */
export const wordOf = (message: string | null): string | null =>
  message !== null && /^[A-Za-z]{1,64}$/.test(message) ? message : null;

function byState(requested: Money, look: Look<PaymentFacts>): Reason | undefined {
  if (look.kind === 'absent')
    return ['PAYMENT_NOT_FOUND', 'NEVER', 'RoboKassa does not know this payment in this shop.'];
  if (look.kind === 'unavailable') return undefined;
  const payment = look.value;
  if (isNotYetRefundable(payment.rawStatus))
    return [
      'ANOTHER_OPERATION_IN_PROGRESS',
      'RETRY_REFUND',
      'RoboKassa has not credited this payment to the shop yet. Retry it later.',
    ];
  if (payment.state !== 'CAPTURED')
    return ['PAYMENT_NOT_REFUNDABLE', 'NEVER', `A payment that is ${payment.state} takes no refunds.`];
  if (requested.minor > payment.capturedMinor)
    return ['AMOUNT_EXCEEDS_REFUNDABLE', 'NEVER', 'The amount is more than the shop got for this payment.'];
  return undefined;
}

function byMessage(message: string): Reason | undefined {
  // More than is left by our own ledger is never sent, so that something else took the money.
  if (message === 'notenoughoperationfunds')
    return [
      'INSUFFICIENT_FUNDS',
      'RETRY_REFUND',
      "The payment or the shop's balance does not cover this: look for refunds in the cabinet, or retry it later.",
    ];
  if (message.includes('already'))
    return ['PAYMENT_NOT_REFUNDABLE', 'NEVER', 'RoboKassa says that this payment was refunded already.'];
  if (message.includes('notfound') || message.includes('opkey'))
    return ['PAYMENT_NOT_FOUND', 'NEVER', 'RoboKassa does not know the operation of this payment.'];
  if (message.includes('sum')) return ['INVALID_AMOUNT', 'NEVER', 'RoboKassa does not take this amount.'];
  return undefined;
}
