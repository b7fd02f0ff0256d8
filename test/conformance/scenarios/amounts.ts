import { SUCCEEDED, type Scenario } from '../scenario.ts';

export const amounts: readonly Scenario[] = [
  {
    name: 'full',
    expects: { ends: [SUCCEEDED], effects: 1, returned: 'whole' },
    async does(s) {
      await s.refund(await s.payment(), { amount: { remaining: true } });
      await s.untilEnded();
    },
  },
  {
    name: 'partial',
    needs: 'partialRefunds',
    without: { errors: ['CAPABILITY_MISSING'], effects: 0, returned: 'nothing' },
    expects: { ends: [SUCCEEDED], effects: 1, returned: 'part' },
    async does(s) {
      await s.refund(await s.payment());
      await s.untilEnded();
    },
  },
  {
    name: 'several partials, and what remains',
    needs: 'severalRefundsPerPayment',
    without: {
      ends: [SUCCEEDED],
      errors: ['CAPABILITY_MISSING', 'CAPABILITY_MISSING'],
      effects: 1,
      returned: 'part',
    },
    expects: { ends: [SUCCEEDED, SUCCEEDED, SUCCEEDED], effects: 3, returned: 'whole' },
    async does(s) {
      const payment = await s.payment();
      for (const amount of [s.money(), s.money(), { remaining: true }]) {
        await s.refund(payment, { amount });
        await s.untilEnded();
      }
    },
  },
  {
    name: 'over-refund',
    expects: { errors: ['AMOUNT_EXCEEDS_REFUNDABLE'], effects: 0, sends: 0, returned: 'nothing' },
    async does(s) {
      await s.refund(await s.payment(), { amount: s.money(s.subject.tooMuch) });
    },
  },
  {
    name: 'over-refund of what is left',
    needs: 'severalRefundsPerPayment',
    expects: {
      ends: [SUCCEEDED],
      errors: ['AMOUNT_EXCEEDS_REFUNDABLE'],
      effects: 1,
      sends: 1,
      returned: 'part',
    },
    async does(s) {
      const payment = await s.payment();
      await s.refund(payment);
      await s.untilEnded();
      await s.refund(payment, { amount: s.money(s.subject.whole) });
    },
  },
  {
    name: 'zero',
    expects: { errors: ['INVALID_INPUT'], effects: 0, sends: 0, returned: 'nothing' },
    async does(s) {
      await s.refund(await s.payment(), { amount: s.money('0') });
    },
  },
  {
    name: 'other currency',
    expects: { errors: ['CURRENCY_MISMATCH'], effects: 0, sends: 0, returned: 'nothing' },
    async does(s) {
      await s.refund(await s.payment(), { amount: s.money(s.subject.part, s.subject.otherCurrency) });
    },
  },
];
