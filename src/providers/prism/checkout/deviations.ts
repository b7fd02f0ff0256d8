import type { Deviation } from '../../provider.ts';

const CONNECTOR = 'hyperswitch-prism 0.4.0, connector checkout';

const noKey: Deviation = {
  instead: 'LEFT_TO_A_PERSON',
  reason: 'The library sends no key: what no list shows is not sent again on a guess.',
  source: CONNECTOR,
};

const final: Deviation = {
  instead: 'IMPOSSIBLE',
  reason: 'An action that was approved stays so.',
  source: CONNECTOR,
};

/** Where Checkout.com behind Prism differs from what every provider is tried with. */
export const deviations: Readonly<Record<string, Deviation>> = {
  'lost answer before the effect': noKey,
  '5xx before the effect': noKey,
  '503 before the effect': noKey,
  'garbage with status 502': noKey,
  'killed before the call': noKey,
  'the answer to the send is the end': {
    instead: 'ENDS_LATER',
    reason: 'The answer is 202: the refund is accepted, and its action tells the end.',
    source: CONNECTOR,
  },
  'unknown status word': {
    instead: 'IMPOSSIBLE',
    reason: 'An action is approved or not; there is no word.',
    source: CONNECTOR,
  },
  'another operation is in progress': {
    instead: 'IMPOSSIBLE',
    reason: 'There is no such answer.',
    source: CONNECTOR,
  },
  'pending, then canceled': {
    instead: 'IMPOSSIBLE',
    reason: 'A refund is approved or declined; nobody can stop one.',
    source: CONNECTOR,
  },
  reversal: final,
  'what was reversed is free again, and may be refunded': final,
};
