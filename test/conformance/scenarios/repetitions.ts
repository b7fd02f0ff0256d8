import { SUCCEEDED, type Scenario } from '../scenario.ts';

export const repetitions: readonly Scenario[] = [
  {
    name: 'a refusal answers the repetition of what was executed',
    rows: ['a', '18'],
    needs: 'idempotencyHours',
    expects: {
      ends: [SUCCEEDED],
      seen: ['UNKNOWN/UNCLEAR', '0.00 left'],
      effects: 1,
      sends: 2,
      returned: 'whole',
    },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('lost-after-effect');
      const refund = await s.refund(payment, { amount: { remaining: true } });
      // Neither its list nor its keys know of it: what is sent again is more than what is left.
      await s.fault('list-lag', { operation: '*', seconds: 7_200, times: 100 });
      await s.fault('key-forgotten');
      await s.later(61);
      s.see(await s.wordNow(refund!.id));
      s.see(`${(await s.look(payment)).refundable.value} left`);
      await s.well();
      await s.untilEnded();
    },
  },
  {
    name: 'another release sends again what this one has sent',
    rows: ['e'],
    needs: 'idempotencyHours',
    expects: { ends: [SUCCEEDED], seen: ['the same bytes'], effects: 1, sends: 2, returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      await s.fault('lost-before-effect');
      await s.refund(payment);
      await s.inAnotherRelease(() => s.later(61));
      const sent = (await s.calls()).filter(({ operation }) => operation === 'createRefund');
      const bytes = new Set(
        sent.map(({ path, bodyHash, providerKey }) => `${path} ${bodyHash} ${providerKey}`),
      );
      s.see(bytes.size === 1 ? 'the same bytes' : 'other bytes');
      await s.untilEnded();
    },
  },
  {
    name: 'a failed refund is retried by two at once, and once more later',
    rows: ['k'],
    expects: {
      ends: [SUCCEEDED],
      seen: ['replayed', 'retried', 'replayed'],
      sends: 2,
      returned: 'part',
    },
    async does(s) {
      const payment = await s.payment();
      await s.failing();
      const refund = await s.refund(payment);
      await s.untilFailed();
      await s.retryRefund(refund!.id, 0, 0);
      await s.untilEnded();
      await s.retryRefund(refund!.id, 0);
    },
  },
];
