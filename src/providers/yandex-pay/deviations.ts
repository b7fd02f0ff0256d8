import type { Deviation } from '../provider.ts';
import type { Edition } from './options.ts';

const STATUSES = 'pay.yandex.ru/docs, "Yandex Pay API", OperationStatus';

const common: Readonly<Record<string, Deviation>> = {
  'the answer to the send is the end': {
    instead: 'ENDS_LATER',
    reason: 'An operation is accepted as PENDING, and asked about later.',
    source: 'pay.yandex.ru/docs, "Yandex Pay API", "Refund an order"',
  },
  'pending, then canceled': {
    instead: 'IMPOSSIBLE',
    reason: 'An operation is PENDING, SUCCESS or FAIL; nobody can stop one.',
    source: STATUSES,
  },
  reversal: {
    instead: 'IMPOSSIBLE',
    reason: 'A refund that succeeded is final.',
    source: STATUSES,
  },
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
