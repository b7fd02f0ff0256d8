import { FAILED, SUCCEEDED, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

async function seenByTwenty(s: Stage, payment: string): Promise<void> {
  const seen = await Promise.all(Array.from({ length: 20 }, () => s.look(payment)));
  const ids = new Set(seen.map(({ id }) => id));
  s.see(ids.size === 1 ? 'one payment' : `${ids.size} payments`);
}

export const elsewhere: readonly Scenario[] = [
  {
    name: 'a refund made elsewhere is seen',
    rows: ['17'],
    needs: 'externalRefunds',
    expects: {
      ends: [SUCCEEDED],
      errors: ['AMOUNT_EXCEEDS_REFUNDABLE'],
      effects: 0,
      sends: 0,
      returned: 'part',
    },
    async does(s) {
      const payment = await s.payment();
      await s.consoleRefund(payment, s.subject.part);
      await s.look(payment);
      await s.refund(payment, { amount: s.money(s.subject.whole) });
    },
  },
  {
    name: 'a refund made elsewhere since the payment was read',
    rows: ['17'],
    needs: 'externalRefunds',
    // What is invisible is known to the provider all the same.
    without: { ends: [FAILED], effects: 0, sends: 1, returned: 'part' },
    expects: { ends: [FAILED, SUCCEEDED], effects: 0, returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.consoleRefund(payment, s.subject.part);
      await s.refund(payment, { amount: s.money(s.subject.whole) });
      await s.untilEnded();
      await s.look(payment);
    },
  },
  {
    name: 'a refund made elsewhere is found though nobody asks',
    rows: ['17'],
    needs: 'listByTime',
    expects: { ends: [SUCCEEDED], effects: 0, sends: 0, returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.later(301);
      await s.consoleRefund(payment, s.subject.part);
      await s.later(301);
      await s.later(301);
      await s.known(payment);
    },
  },
  {
    name: 'a refund made elsewhere while all is reserved',
    rows: ['c'],
    needs: 'externalRefunds',
    expects: {
      ends: [FAILED, SUCCEEDED],
      alerts: ['PAYMENT_OVERCOMMITTED'],
      effects: 0,
      // It was put off once, and is never sent again.
      sends: 1,
      returned: 'part',
    },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('rate-limited');
      await s.refund(payment, { amount: { remaining: true } });
      await s.consoleRefund(payment, s.subject.part);
      await s.look(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'a payment is first seen by twenty at once',
    rows: ['d'],
    expects: { effects: 0, sends: 0, seen: ['one payment'], returned: 'nothing' },
    async does(s) {
      await seenByTwenty(s, await s.payment());
    },
  },
  {
    name: 'a payment with a refund made elsewhere is first seen by twenty at once',
    rows: ['d'],
    needs: 'externalRefunds',
    expects: { ends: [SUCCEEDED], effects: 0, sends: 0, seen: ['one payment'], returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      await s.consoleRefund(payment, s.subject.part);
      await seenByTwenty(s, payment);
    },
  },
];
