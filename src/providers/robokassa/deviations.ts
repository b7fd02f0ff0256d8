import type { Deviation } from '../provider.ts';

const lost: Deviation = {
  instead: 'LEFT_TO_A_PERSON',
  reason:
    'There is neither a key nor a list: after a lost answer nothing tells what was executed, and nothing is sent again.',
  source: 'docs.robokassa.ru/ru/refund-api, "Refund/Create" and "Refund/GetState"',
};

const noFailure: Deviation = {
  instead: 'IMPOSSIBLE',
  reason: 'A refund is processing, finished or canceled; there is no word for one that failed.',
  source: 'docs.robokassa.ru/ru/refund-api, "Refund/GetState"',
};

const noLimit: Deviation = {
  ...lost,
  reason: 'No limit of requests is documented, so that its refusal is no proof that nothing was executed.',
  source: 'docs.robokassa.ru/ru/refund-api, "Refund/Create"',
};

const final: Deviation = { ...noFailure, reason: 'A refund that is finished stays finished.' };

/** Where the refund API (v2) differs from what every provider is tried with. */
export const deviationsV2: Readonly<Record<string, Deviation>> = {
  'lost answer after the effect': lost,
  'lost answer before the effect': lost,
  'half an answer': lost,
  '5xx after the effect': lost,
  '5xx before the effect': lost,
  '503 after the effect': lost,
  '503 before the effect': lost,
  'garbage with status 200': lost,
  'garbage with status 200 in every other form': lost,
  'an empty object with status 200': lost,
  'garbage with status 502': lost,
  'killed before the call': lost,
  'killed while the provider works': lost,
  'killed before the answer is recorded': lost,
  'the answer to the send is the end': {
    instead: 'ENDS_LATER',
    reason: 'The answer names a request, whose state is asked for by itself.',
    source: 'docs.robokassa.ru/ru/refund-api, "Refund/Create"',
  },
  'too many requests (429)': noLimit,
  'too many requests (429) with Retry-After, which another account does not notice': noLimit,
  'forbidden for a while': {
    ...lost,
    reason: 'No 403 is documented, so that it is no proof that nothing was executed.',
    source: 'docs.robokassa.ru/ru/refund-api, "Refund/Create"',
  },
  'another operation is in progress': {
    instead: 'IMPOSSIBLE',
    reason: 'There is no such answer.',
    source: 'docs.robokassa.ru/ru/refund-api, "Refund/Create"',
  },
  'pending, then failed': noFailure,
  'what failed is free again, and may be refunded': noFailure,
  reversal: final,
  'what was reversed is free again, and may be refunded': final,
};

const V1 = 'aiorobokassa 1.1.4, api/refund.py';
const { 'the answer to the send is the end': _, ...common } = deviationsV2;

const notTold: Deviation = {
  instead: 'NOT_TOLD',
  reason: 'The answer says no more than that the refund was made.',
  source: V1,
};

/** Where XML refunds (v1) differ. */
export const deviationsV1: Readonly<Record<string, Deviation>> = {
  ...common,
  'wrong credentials when it is sent': {
    instead: 'REFUSED',
    reason: 'A wrong signature is refused like everything else.',
    source: V1,
  },
  'wrong credentials for a while': {
    instead: 'REFUSED',
    reason: 'A wrong signature is refused like everything else.',
    source: V1,
  },
  'unknown status word': notTold,
  'wrong amount echoed': notTold,
  'pending, then canceled': {
    instead: 'STAYS_OPEN',
    reason: 'The states of a refund are not documented but for the one that is done.',
    source: V1,
  },
};
