import type { Deviation } from '../provider.ts';

const final: Deviation = {
  instead: 'IMPOSSIBLE',
  reason: 'A refund that succeeded is final.',
  source: 'yookassa.ru/developers, "Refunds", status of a refund',
};

/** Where YooKassa differs from what every provider is tried with. */
export const deviations: Readonly<Record<string, Deviation>> = {
  'another operation is in progress': {
    instead: 'FOUND_OUT',
    reason: 'Its 202 says that the request is being processed, so that it may have been executed.',
    source: 'yookassa.ru/developers, "Interaction format", HTTP response codes',
  },
  'pending, then canceled': {
    instead: 'ENDS_AS_FAILED',
    reason: 'A refund there is `canceled` when it failed; nobody can stop one.',
    source: 'yookassa.ru/developers, "Refunds", status of a refund',
  },
  reversal: final,
  'what was reversed is free again, and may be refunded': final,
};
