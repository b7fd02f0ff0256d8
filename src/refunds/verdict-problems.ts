import type { Refund } from '../db/legs.ts';
import { invalidInput, type Failure, type Problem } from '../errors.ts';
import { notResolvable, refundPath, verdictPath } from './resolvable.ts';

/** What a leg shows after "not returned"; `retryRefund` may send it again. */
export const notReturned: Failure = {
  code: 'UNKNOWN_OUTCOME',
  message: "The provider's answer was lost, and a person has found that no money was returned.",
  retry: 'RETRY_REFUND',
  providerCode: null,
};

/** Why a verdict is not taken: this and the following. */
export const noSuchRefund = invalidInput(
  [...verdictPath, 'returned', 'providerRefundId'],
  'The provider knows no such refund of this payment.',
);

export const notVerifiable = invalidInput(
  [...verdictPath, 'returned', 'providerRefundId'],
  'This provider cannot be asked about a refund. State `noProviderId` and name the id in `evidence`.',
);

export const nothingUnclear = notResolvable(
  'Only a refund, or a leg of it, that is UNKNOWN or under MANUAL_REVIEW waits for a verdict.',
  'NEVER',
);

export const stillOutstanding = (until: Date): Problem =>
  notResolvable(
    `The service may still find out by itself, or the provider may still execute it. Decide after ${until.toISOString()}.`,
    'WAIT',
    until,
  );

export const otherCurrency = (expectedCurrency: string): Problem => ({
  type: 'CurrencyMismatch',
  code: 'CURRENCY_MISMATCH',
  message: `The refund is in ${expectedCurrency}.`,
  path: [...verdictPath, 'returned', 'amount', 'currency'],
  retry: 'NEW_REQUEST',
  expectedCurrency,
});

export const staleVersion = (refund: Refund): Problem => ({
  type: 'StaleVersion',
  code: 'STALE_VERSION',
  message: 'The refund has changed since. Look at it again before you decide.',
  path: ['input', 'expectedVersion'],
  retry: 'NEW_REQUEST',
  currentVersion: refund.version,
});

export const notConfigured: Problem = {
  type: 'ProviderProblem',
  code: 'PROVIDER_UNAVAILABLE',
  message: 'The account of this refund is not configured any more. Ask the operator of this service.',
  path: refundPath,
  retry: 'ASK_A_HUMAN',
  providerCode: null,
};
