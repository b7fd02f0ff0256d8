import type { RefundErrorCode, RetryAdvice } from '../../errors.ts';
import { builder } from '../builder.ts';

export const RefundErrorCodeEnum = builder.enumType('RefundErrorCode', {
  description: 'What went wrong, in words that are the same for all providers. The list grows.',
  values: {
    PAYMENT_NOT_FOUND: { description: 'The provider does not know the payment.' },
    PAYMENT_NOT_REFUNDABLE: { description: 'The payment cannot be refunded as it is.' },
    AMOUNT_EXCEEDS_REFUNDABLE: { description: 'More than is left of the payment.' },
    INVALID_AMOUNT: { description: 'The provider does not take this amount.' },
    CURRENCY_MISMATCH: { description: 'The payment is in another currency.' },
    REFUND_WINDOW_EXPIRED: { description: 'The payment is too old to be refunded.' },
    ANOTHER_OPERATION_IN_PROGRESS: { description: 'Something else is being done with the payment.' },
    INSUFFICIENT_FUNDS: { description: "The merchant's account at the provider does not cover it." },
    AUTHENTICATION_FAILED: { description: 'The provider refused the credentials of the account.' },
    RATE_LIMITED: { description: 'The provider takes no more requests for now.' },
    PROVIDER_UNAVAILABLE: { description: 'The provider cannot be reached.' },
    UNKNOWN_OUTCOME: {
      description:
        'The answer was lost: the money may have moved, unless a person has decided that it did not.',
    },
    PROVIDER_REJECTED: { description: 'The provider refused for a reason of its own.' },
    INVALID_INPUT: { description: 'A field of the input is wrong.' },
    FIELD_TOO_LONG: { description: 'A field of the input is too long.' },
    NOT_FOUND: { description: 'What the input names does not exist.' },
    IDEMPOTENCY_KEY_REUSED: { description: 'The key was used with another content.' },
    REFERENCE_TAKEN: { description: 'Another refund has this reference.' },
    FEE_BEARER_REQUIRED: { description: 'It has to be said who bears the commission.' },
    AMOUNT_NOT_ALLOCATABLE: { description: 'It is not clear how much which seller returns.' },
    REFUNDABLE_CHANGED: { description: 'Another amount is refundable than was expected.' },
    CAPABILITY_MISSING: { description: 'The provider cannot do this.' },
    NOT_CANCELABLE: { description: 'It is too late to cancel it, or nothing is to be canceled.' },
    NOT_RETRYABLE: { description: 'Only a refund that failed definitely can be retried.' },
    NOT_RESOLVABLE: { description: 'This verdict is not taken, or not yet.' },
    STALE_VERSION: { description: 'The refund has changed since it was looked at.' },
  } as const satisfies Record<RefundErrorCode, { description: string }>,
});

export const RetryAdviceEnum = builder.enumType('RetryAdvice', {
  description: 'What to do next.',
  values: {
    SAME_KEY: { description: 'Send the same request with the same key again.' },
    NEW_REQUEST: { description: 'Correct the request and send it again; with a new key, where it has one.' },
    RETRY_REFUND: { description: 'Use `retryRefund` on this refund.' },
    WAIT: { description: 'Wait; the service goes on by itself.' },
    NEVER: { description: 'Trying again does not help.' },
    ASK_A_HUMAN: { description: 'A person has to look at it.' },
  } as const satisfies Record<RetryAdvice, { description: string }>,
});
