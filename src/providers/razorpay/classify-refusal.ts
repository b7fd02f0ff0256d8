import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { Money } from '../../money.ts';
import type { Look, PaymentSight } from '../provider.ts';
import { type fragments, says } from './descriptions.ts';
import type { WireError } from './wire.ts';

export interface Refusal {
  readonly error: WireError;
  readonly requested: Money;
  /** The payment and its refunds, read again after the refusal. */
  readonly sight: Look<PaymentSight>;
  readonly now: Date;
}

type Reason = readonly [code: Failure['code'], retry: Failure['retry'], message: string];

const rejected: Reason = [
  'PROVIDER_REJECTED',
  'ASK_A_HUMAN',
  'Razorpay refused this refund; its answer is kept as evidence.',
];
const absent: Reason = ['PAYMENT_NOT_FOUND', 'NEVER', 'Razorpay does not know this payment in this account.'];
const tooOld: Reason = [
  'REFUND_WINDOW_EXPIRED',
  'NEVER',
  'The six months in which this payment could be refunded are over.',
];
const busy: Reason = [
  'ANOTHER_OPERATION_IN_PROGRESS',
  'WAIT',
  'Another operation on this payment is not finished yet.',
];
const exceeds: Reason = [
  'AMOUNT_EXCEEDS_REFUNDABLE',
  'NEVER',
  'The amount is more than what is left to refund.',
];
const notCaptured: Reason = [
  'PAYMENT_NOT_REFUNDABLE',
  'NEVER',
  'A payment that is not captured takes no refunds.',
];
const refunded: Reason = ['PAYMENT_NOT_REFUNDABLE', 'NEVER', 'The whole payment has been refunded already.'];
const badAmount: Reason = [
  'INVALID_AMOUNT',
  'NEVER',
  'Razorpay does not take this amount, such as one below its minimum.',
];

/**
 * Why `POST /payments/{id}/refund` was refused: by the state of the payment, then by the field, then by the documented
 * fragments of texts. The first that explains the refusal wins; what nothing explains is PROVIDER_REJECTED.
 */
export function classifyRefusal({ error, requested, sight, now }: Refusal): Failure {
  const [code, retry, message] = byState(requested, sight, now) ?? byError(error, sight) ?? rejected;
  return failure(code, retry, message, error.code ?? null);
}

function byState(requested: Money, sight: Look<PaymentSight>, now: Date): Reason | undefined {
  if (sight.kind === 'absent') return absent;
  if (sight.kind === 'unavailable') return undefined;
  const { payment } = sight.value;
  if (payment.state !== 'CAPTURED') return notCaptured;
  if (payment.refundWindowClosesAt !== null && payment.refundWindowClosesAt <= now) return tooOld;
  if (requested.currency !== payment.amount.currency) {
    return ['CURRENCY_MISMATCH', 'NEVER', `This payment was made in ${payment.amount.currency}.`];
  }
  const { available, pending } = left(sight.value);
  if (available + pending <= 0n) return refunded;
  if (requested.minor > available + pending) return exceeds;
  if (requested.minor > available) return busy;
  return undefined;
}

/** In the order in which they are tried. The last three would contradict a payment that was read as refundable. */
const textReasons: readonly (readonly [fragment: keyof typeof fragments, reason: Reason])[] = [
  // Has a minimum length too, which is no amount.
  ['idempotencyKey', rejected],
  ['busy', busy],
  ['tooOld', tooOld],
  [
    'balance',
    [
      'INSUFFICIENT_FUNDS',
      'RETRY_REFUND',
      'The balance at Razorpay does not cover this refund. Retry it later.',
    ],
  ],
  ['exceeds', exceeds],
  ['amount', badAmount],
  [
    'invalidRequest',
    [
      'PROVIDER_REJECTED',
      'ASK_A_HUMAN',
      'Razorpay refused this refund without a reason; an empty balance at Razorpay is a known one.',
    ],
  ],
  ['fullyRefunded', refunded],
  ['notCaptured', notCaptured],
  ['noSuchId', absent],
];
const contradictions: ReadonlySet<Reason> = new Set([refunded, notCaptured, absent]);

function byError(error: WireError, sight: Look<PaymentSight>): Reason | undefined {
  const reason = textReasons.find(([fragment]) => says(error, fragment))?.[1];
  if (reason !== undefined && !(sight.kind === 'found' && contradictions.has(reason))) return reason;
  return error.field === 'amount' ? badAmount : undefined;
}

/** Minor units. `available` has refunds that are not final taken off. */
function left({ payment, refunds }: PaymentSight): { available: bigint; pending: bigint } {
  let succeeded = 0n;
  let pending = 0n;
  for (const refund of refunds) {
    if (refund.status === 'SUCCEEDED') succeeded += refund.amount.minor;
    else if (refund.status !== 'FAILED') pending += refund.amount.minor;
  }
  // A sum that the list does not explain may contain the pending ones.
  const told = payment.refundedMinor ?? 0n;
  const used = told > succeeded + pending ? told : succeeded + pending;
  return { available: payment.capturedMinor - used, pending };
}
