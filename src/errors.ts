import type { Money } from './money.ts';

/**
 * Every business error of the service is data of one of these shapes. Three families must never be mixed:
 * we refused (nothing was sent, nothing is reserved), the provider said no (a `Failure` on a leg), and
 * we do not know (a leg that is UNKNOWN; no error at all, because the money may have moved).
 */

export const providerErrorCodes = [
  'PAYMENT_NOT_FOUND',
  'PAYMENT_NOT_REFUNDABLE',
  'AMOUNT_EXCEEDS_REFUNDABLE',
  'INVALID_AMOUNT',
  'CURRENCY_MISMATCH',
  'REFUND_WINDOW_EXPIRED',
  'ANOTHER_OPERATION_IN_PROGRESS',
  'INSUFFICIENT_FUNDS',
  'AUTHENTICATION_FAILED',
  'RATE_LIMITED',
  'PROVIDER_UNAVAILABLE',
  'UNKNOWN_OUTCOME',
  'PROVIDER_REJECTED',
] as const;

/** Unified codes for what a provider said (DESIGN section 3). */
export type ProviderErrorCode = (typeof providerErrorCodes)[number];

const ownErrorCodes = [
  'INVALID_INPUT',
  'FIELD_TOO_LONG',
  'NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'REFERENCE_TAKEN',
  'FEE_BEARER_REQUIRED',
  'AMOUNT_NOT_ALLOCATABLE',
  'REFUNDABLE_CHANGED',
  'CAPABILITY_MISSING',
  'NOT_CANCELABLE',
  'NOT_RETRYABLE',
  'NOT_RESOLVABLE',
  'STALE_VERSION',
] as const;

export const refundErrorCodes = [...providerErrorCodes, ...ownErrorCodes] as const;
export type RefundErrorCode = (typeof refundErrorCodes)[number];

export const retryAdvices = [
  'SAME_KEY',
  'NEW_REQUEST',
  'RETRY_REFUND',
  'WAIT',
  'NEVER',
  'ASK_A_HUMAN',
] as const;

/** What a caller should do next. */
export type RetryAdvice = (typeof retryAdvices)[number];

/** A definite no, or an inability, of a provider. `providerCode` is the provider's own word, safe to show. */
export interface Failure {
  readonly code: ProviderErrorCode;
  readonly message: string;
  readonly retry: RetryAdvice;
  readonly providerCode: string | null;
}

interface ProblemBase {
  readonly code: RefundErrorCode;
  readonly message: string;
  /** Where in the input, such as `["input", "amount", "money", "value"]`. */
  readonly path: readonly string[] | null;
  readonly retry: RetryAdvice;
}

/**
 * Why a mutation did not take effect. One member per concrete GraphQL type; a field name has one type in
 * all of them.
 */
export type Problem = ProblemBase &
  (
    | { readonly type: 'InvalidInput' }
    | { readonly type: 'FieldTooLong'; readonly limit: number }
    | { readonly type: 'NotFound' }
    | { readonly type: 'IdempotencyKeyReused'; readonly existingRefundId: string | null }
    | { readonly type: 'ReferenceTaken'; readonly existingRefundId: string | null }
    | { readonly type: 'AmountExceedsRefundable'; readonly refundable: Money }
    | { readonly type: 'FeeBearerRequired' }
    | {
        readonly type: 'AmountNotAllocatable';
        readonly nearest: Money | null;
        /** Amounts that would work, ascending. */
        readonly nearestAmounts: readonly Money[];
      }
    | { readonly type: 'RefundableChanged'; readonly refundable: Money }
    | { readonly type: 'CurrencyMismatch'; readonly expectedCurrency: string }
    | { readonly type: 'PaymentNotRefundable' }
    | { readonly type: 'RefundWindowClosed'; readonly closedAt: Date }
    | {
        readonly type: 'OperationInProgress';
        readonly existingRefundId: string | null;
        readonly retryAfterMs: number;
      }
    | {
        readonly type: 'CapabilityMissing';
        readonly capability: string;
        readonly alternative: string | null;
      }
    | { readonly type: 'NotCancelable' }
    | { readonly type: 'NotRetryable' }
    | { readonly type: 'NotResolvable'; readonly resolvableAt: Date | null }
    | { readonly type: 'StaleVersion'; readonly currentVersion: number }
    | { readonly type: 'ProviderProblem'; readonly providerCode: string | null }
  );

export type ProblemType = Problem['type'];
export type ProblemOf<T extends ProblemType> = Extract<Problem, { type: T }>;

/** The outcome of a use case: its value, or why it did not take effect. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const succeed = <T>(value: T): Result<T> => ({ ok: true, value });
export const refuse = (...problems: Problem[]): { ok: false; problems: readonly Problem[] } => ({
  ok: false,
  problems,
});

export const invalidInput = (path: readonly string[], message: string): Problem => ({
  type: 'InvalidInput',
  code: 'INVALID_INPUT',
  message,
  path,
  retry: 'NEW_REQUEST',
});

export const fieldTooLong = (path: readonly string[], limit: number, unit: string): Problem => ({
  type: 'FieldTooLong',
  code: 'FIELD_TOO_LONG',
  message: `${path.at(-1)} is longer than ${limit} ${unit}. Shorten it.`,
  path,
  retry: 'NEW_REQUEST',
  limit,
});

/** Also the answer for what belongs to another merchant: the two must not be told apart. */
export const notFound = (path: readonly string[], what: string): Problem => ({
  type: 'NotFound',
  code: 'NOT_FOUND',
  message: `${what} does not exist.`,
  path,
  retry: 'NEVER',
});

/** A provider's inability as the reason why a mutation could not be decided. */
export const providerProblem = (failure: Failure, path: readonly string[] | null): Problem => ({
  type: 'ProviderProblem',
  code: failure.code,
  message: failure.message,
  path,
  retry: failure.retry,
  providerCode: failure.providerCode,
});
