import type { Failure } from '../../errors.ts';
import type { Money } from '../../money.ts';
import { failure } from '../failure.ts';
import type { AmountRules, Look } from '../provider.ts';
import { obeys } from './allocate.ts';
import { paymentFacts } from './payment.ts';
import type { WireError, WireOrder } from './wire.ts';

export interface Refusal {
  /** Undefined for a 404 that the provider did not explain. */
  readonly error: WireError | undefined;
  readonly requested: Money;
  /** The order, read again after the refusal. */
  readonly look: Look<WireOrder>;
  readonly rules: AmountRules;
}

type Reason = readonly [code: Failure['code'], retry: Failure['retry'], message: string];

const rejected: Reason = [
  'PROVIDER_REJECTED',
  'ASK_A_HUMAN',
  'Yandex Pay refused this refund; its answer is kept as evidence.',
];

/**
 * Why `POST /v2/orders/{id}/refund` was refused: by the state of the order, since hardly any code is documented, then by
 * the one text that is (pay.yandex.ru/docs, "External amount"). What nothing explains is PROVIDER_REJECTED.
 */
export function classifyRefusal({ error, requested, look, rules }: Refusal): Failure {
  const [code, retry, message] = byState(requested, look, rules) ?? byText(error) ?? rejected;
  return failure(code, retry, message, error?.reasonCode ?? null);
}

function byState({ minor }: Money, look: Look<WireOrder>, rules: AmountRules): Reason | undefined {
  if (look.kind === 'absent')
    return ['PAYMENT_NOT_FOUND', 'NEVER', 'Yandex Pay does not know this order in this account.'];
  if (look.kind === 'unavailable') return undefined;
  const { state, refundableByProvider, capturedMinor, refundedMinor } = paymentFacts(look.value);
  if (state !== 'CAPTURED')
    return ['PAYMENT_NOT_REFUNDABLE', 'NEVER', 'An order that is not paid takes no refunds.'];
  const left = capturedMinor - (refundedMinor ?? 0n);
  if (!refundableByProvider || left <= 0n)
    return ['PAYMENT_NOT_REFUNDABLE', 'NEVER', 'The whole order has been refunded already.'];
  if (minor > left)
    return ['AMOUNT_EXCEEDS_REFUNDABLE', 'NEVER', 'The amount is more than what is left to refund.'];
  if (!obeys(minor, left, rules))
    return ['INVALID_AMOUNT', 'NEVER', 'The amount, or what it leaves, is below the minimum of Yandex Pay.'];
  return undefined;
}

/** The cart is not what it was when the refund was made; made anew it may fit. */
function byText(error: WireError | undefined): Reason | undefined {
  if (error?.reason === undefined || !/mismatch/i.test(error.reason)) return undefined;
  return [
    'INVALID_AMOUNT',
    'RETRY_REFUND',
    'The amount does not fit the cart of the order, which may have changed.',
  ];
}
