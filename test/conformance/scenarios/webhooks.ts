import { Untried } from '../observed.ts';
import { SUCCEEDED, type Scenario } from '../scenario.ts';

/** The clock stands still, and nothing is due: what becomes known was told. */
export const webhooks: readonly Scenario[] = [
  {
    name: 'a webhook, and not a poll, tells how a refund ended',
    needs: 'webhooks',
    expects: { ends: [SUCCEEDED], effects: 1, sends: 1, returned: 'part' },
    async does(s) {
      if (s.subject.tellsOf === 'payments') throw new Untried('no event is about a refund');
      await s.mode('pending');
      await s.refund(await s.payment());
      await s.listen();
      await s.settle('succeeded');
      await s.untilTold(async () => (await s.refunds()).every(({ isFinal }) => isFinal));
    },
  },
  {
    name: 'a webhook, and not a poll, tells that a payment was captured',
    needs: 'webhooks',
    expects: { seen: ['PENDING', 'CAPTURED'], effects: 0, returned: 'nothing' },
    async does(s) {
      if (s.subject.tellsOf !== 'payments') throw new Untried('there are events of refunds');
      await s.setCredit(null);
      const payment = await s.payment({ state: '50' });
      s.see((await s.look(payment)).status);
      await s.listen();
      await s.setCredit(0);
      await s.untilTold(async () => (await s.storedStatus(payment)) === 'CAPTURED');
      s.see(await s.storedStatus(payment));
      await s.setCredit(null);
    },
  },
];
