import { PENDING, QUEUED, SUCCEEDED, type Scenario } from '../scenario.ts';

export const keys: readonly Scenario[] = [
  {
    name: 'replay',
    expects: { ends: [SUCCEEDED], seen: ['replayed', 'replayed'], effects: 1, sends: 1, returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      const key = s.newKey();
      for (let time = 0; time < 3; time += 1) {
        await s.refund(payment, { key });
        await s.untilEnded();
      }
    },
  },
  {
    name: 'same key, other content',
    expects: {
      ends: [SUCCEEDED],
      errors: ['IDEMPOTENCY_KEY_REUSED'],
      effects: 1,
      sends: 1,
      returned: 'part',
    },
    async does(s) {
      const payment = await s.payment();
      const key = s.newKey();
      await s.refund(payment, { key });
      await s.refund(payment, { key, amount: { remaining: true } });
      await s.untilEnded();
    },
  },
  {
    name: 'concurrent, one key',
    expects: {
      ends: [SUCCEEDED],
      seen: Array<string>(7).fill('replayed'),
      effects: 1,
      sends: 1,
      returned: 'part',
    },
    async does(s) {
      const payment = await s.payment();
      const key = s.newKey();
      await Promise.all(Array.from({ length: 8 }, () => s.refund(payment, { key })));
      await s.untilEnded();
    },
  },
  {
    name: 'concurrent, more than there is',
    needs: 'severalRefundsPerPayment',
    expects: {
      ends: Array<string>(4).fill(SUCCEEDED),
      errors: Array<string>(6).fill('AMOUNT_EXCEEDS_REFUNDABLE'),
      effects: 4,
      sends: 4,
      returned: 'whole',
    },
    async does(s) {
      const payment = await s.payment();
      const asked = { amount: s.money(s.subject.part), waitMs: 500 };
      await Promise.all(Array.from({ length: 10 }, () => s.refund(payment, asked)));
      await s.untilAnswered();
      await s.untilEnded();
    },
  },
  {
    name: 'two of one payment under way at once',
    needs: 'concurrentOperationsPerPayment',
    requires: 'severalRefundsPerPayment',
    without: {
      answers: [PENDING, QUEUED],
      ends: [SUCCEEDED, SUCCEEDED],
      effects: 2,
      sends: 2,
      returned: 'two parts',
    },
    expects: {
      answers: [PENDING, PENDING],
      ends: [SUCCEEDED, SUCCEEDED],
      effects: 2,
      sends: 2,
      returned: 'two parts',
    },
    async does(s) {
      await s.mode('pending');
      const payment = await s.payment();
      await s.refund(payment);
      // Where it waits for the other, nobody waits for it.
      await s.refund(payment, { waitMs: 1_000 });
      await s.untilAnswered();
      await s.mode('instant');
      await s.settle('succeeded');
      await s.untilEnded();
    },
  },
];
