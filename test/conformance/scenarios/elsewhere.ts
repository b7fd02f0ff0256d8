import { FAILED, SUCCEEDED, type Scenario } from '../scenario.ts';

export const elsewhere: readonly Scenario[] = [
  {
    name: 'a refund made elsewhere is seen',
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
];
