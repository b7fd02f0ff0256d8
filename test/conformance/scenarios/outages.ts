import { FAILED, QUEUED, REVIEW, SUCCEEDED, type Outcome, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** Two refunds of two payments wait, with what they reserve, until the credentials are taken again. */
const waited: Outcome = {
  answers: [QUEUED, QUEUED],
  ends: [SUCCEEDED, SUCCEEDED],
  seen: ['750.00 left', '750.00 left'],
  alerts: ['ACCOUNT_CREDENTIALS_REFUSED'],
  effects: 2,
  returned: 'two parts',
};

const refused = (name: string, kind: string): Scenario => ({
  name,
  rows: ['13'],
  expects: waited,
  instead: {
    REFUSED: {
      ends: [FAILED, FAILED],
      seen: ['1000.00 left', '1000.00 left'],
      alerts: [],
      effects: 0,
      sends: 2,
      returned: 'nothing',
    },
    LEFT_TO_A_PERSON: {
      ends: [REVIEW, REVIEW],
      seen: ['750.00 left', '750.00 left'],
      effects: 0,
      sends: 2,
      returned: 'nothing',
    },
  },
  async does(s) {
    const payments = [await s.payment(), await s.payment()];
    for (const payment of payments) await s.look(payment);
    await s.fault(kind, { times: 3 });
    await s.refund(payments[0]!);
    // Nobody answers this one before the credentials are taken again.
    await s.refund(payments[1]!, { waitMs: 500 });
    await s.later(61);
    for (const payment of payments) s.see(`${(await s.look(payment)).refundable.value} left`);
    await s.untilEnded();
  },
});

const nobodyAnswers = (s: Stage): Promise<void> =>
  s.fault('error-before-effect', { operation: '*', status: 503, times: 1_000 });

export const outages: readonly Scenario[] = [
  refused('wrong credentials for a while', 'unauthorized'),
  refused('forbidden for a while', 'forbidden'),
  {
    name: 'down in a page of refunds, with another provider that is not',
    rows: ['28'],
    expects: {
      ends: [SUCCEEDED, SUCCEEDED],
      seen: ['PENDING stale', 'SUCCEEDED fresh'],
      effects: 1,
      sends: 1,
      returned: 'part',
    },
    async does(s) {
      await s.mode('pending');
      const other = await s.paymentOfNeighbour();
      await s.refund(await s.payment());
      await s.refund(other.payment, other.asked);
      await s.settle('succeeded');
      await s.settleNeighbour();
      await nobodyAnswers(s);
      for (const seen of await s.freshness()) s.see(seen);
      await s.well();
      await s.untilEnded();
    },
  },
];
