import { CANCELED, FAILED, PENDING, REVERSED, SUCCEEDED, type Outcome, type Scenario } from '../scenario.ts';

type End = 'succeeded' | 'failed' | 'canceled';

const pendingThen = (end: End, expects: Outcome, more: Partial<Scenario> = {}): Scenario => ({
  name: `pending, then ${end}`,
  expects,
  async does(s) {
    await s.mode(end === 'canceled' ? 'stoppable' : 'pending');
    await s.refund(await s.payment());
    await s.settle(end);
    await s.untilEnded();
  },
  ...more,
});

const one = { answers: [PENDING], effects: 1, sends: 1 } as const;

export const ends: readonly Scenario[] = [
  pendingThen('succeeded', { ...one, ends: [SUCCEEDED], returned: 'part' }),
  pendingThen('failed', { ...one, ends: [FAILED], returned: 'nothing' }),
  pendingThen(
    'canceled',
    { ...one, ends: [CANCELED], returned: 'nothing' },
    {
      instead: {
        ENDS_AS_FAILED: { ...one, ends: [FAILED], returned: 'nothing' },
        STAYS_OPEN: { ...one, ends: [PENDING], returned: 'nothing' },
      },
    },
  ),
  {
    name: 'reversal',
    rows: ['14'],
    expects: { ends: [REVERSED], seen: [SUCCEEDED], effects: 1, sends: 1, returned: 'nothing' },
    async does(s) {
      const payment = await s.payment();
      const refund = await s.refund(payment);
      await s.untilEnded();
      s.see(await s.wordNow(refund!.id));
      await s.reverse(payment);
      // The first look of the watch window.
      await s.later(25 * 3600);
    },
  },
  {
    name: 'what was reversed is free again, and may be refunded',
    rows: ['14'],
    expects: { ends: [REVERSED, SUCCEEDED], effects: 2, sends: 2, returned: 'whole' },
    async does(s) {
      const payment = await s.payment();
      await s.refund(payment);
      await s.untilEnded();
      await s.reverse(payment);
      await s.later(25 * 3600);
      await s.refund(payment, { amount: { remaining: true } });
      await s.untilEnded();
    },
  },
  {
    name: 'what failed is free again, and may be refunded',
    expects: { ends: [FAILED, SUCCEEDED], effects: 2, sends: 2, returned: 'whole' },
    async does(s) {
      const payment = await s.payment();
      await s.mode('pending');
      await s.refund(payment);
      await s.settle('failed');
      await s.untilEnded();
      await s.mode('instant');
      await s.refund(payment, { amount: { remaining: true } });
      await s.untilEnded();
    },
  },
];
