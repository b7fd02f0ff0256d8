import type { Deviation } from '../provider.ts';
import type { Edition } from './options.ts';

const STATUSES = 'pay.yandex.ru/docs, "Yandex Pay API", OperationStatus';

const REFUND = 'pay.yandex.ru/docs, "Yandex Pay API", "Refund an order"';

const final: Deviation = {
  instead: 'IMPOSSIBLE',
  reason: 'A refund that succeeded is final.',
  source: STATUSES,
};

const common: Readonly<Record<string, Deviation>> = {
  'the answer to the send is the end': {
    instead: 'ENDS_LATER',
    reason: 'An operation is accepted as PENDING, and asked about later.',
    source: REFUND,
  },
  'pending, then canceled': {
    instead: 'IMPOSSIBLE',
    reason: 'An operation is PENDING, SUCCESS or FAIL; nobody can stop one.',
    source: STATUSES,
  },
  'a request with the same key is in progress': {
    instead: 'IMPOSSIBLE',
    reason: 'An id whose operation is PENDING is answered with that operation.',
    source: REFUND,
  },
  'the key is known with other content': {
    instead: 'REFUSED',
    reason:
      'No code is published for an id that is known with other arguments: it is refused like everything else, once the order shows no operation with the id.',
    source: REFUND,
  },
  reversal: final,
  'what was reversed is free again, and may be refunded': final,
};

const ofEdition: Readonly<Record<Edition, Readonly<Record<string, Deviation>>>> = {
  ru: {},
  uz: {
    'not captured': {
      instead: 'IMPOSSIBLE',
      reason: 'There are one-step payments only, so that nothing is held.',
      source: 'yandex.uz/support/split-business, "Payment types"',
    },
  },
};

/** Where an edition differs from what every provider is tried with. */
export const deviationsOf = (edition: Edition): Readonly<Record<string, Deviation>> => ({
  ...common,
  ...ofEdition[edition],
});
