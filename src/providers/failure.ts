import type { Failure, ProviderErrorCode, RetryAdvice } from '../errors.ts';

/** A provider's no, or its inability, in unified words. */
export function failure(
  code: ProviderErrorCode,
  retry: RetryAdvice,
  message: string,
  providerCode: string | null = null,
): Failure {
  return { code, retry, message, providerCode };
}
