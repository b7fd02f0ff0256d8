import type { KillAt } from '../kill-sender.ts';
import { REVIEW, SUCCEEDED, type Row, type Scenario } from '../scenario.ts';

/**
 * The process that sends is killed; another one, alone, finds out what became of it, and then the caller comes back with
 * its key. Where nothing can be looked for or sent again, whatever may have been sent is a person's.
 */
const killed = (at: KillAt, name: string, rows: readonly Row[], left?: 'nothing' | 'part'): Scenario => ({
  name: `killed ${name}`,
  rows,
  expects: { ends: [SUCCEEDED], seen: ['replayed'], effects: 1, sends: 1, returned: 'part' },
  ...(left && {
    instead: {
      LEFT_TO_A_PERSON: {
        ends: [REVIEW],
        seen: ['replayed'],
        alerts: ['REFUND_NEEDS_VERDICT'],
        effects: left === 'part' ? 1 : 0,
        sends: left === 'part' ? 1 : 0,
        returned: left,
      },
    },
  }),
  async does(s) {
    const payment = await s.payment();
    const key = s.newKey();
    // The answer never comes, so that the process is killed while it waits.
    if (at === 'while the provider works') await s.fault('hang', { effect: true });
    await s.refundKilled(payment, at, key);
    await s.untilEnded();
    await s.refund(payment, { key });
  },
});

export const kills: readonly Scenario[] = [
  killed('refund.after-intent', 'after the intent', ['2']),
  killed('send.before-call', 'before the call', ['2'], 'nothing'),
  killed('while the provider works', 'while the provider works', ['3'], 'part'),
  killed('send.after-call', 'before the answer is recorded', ['4', 'h'], 'part'),
  killed('send.after-transition', 'before its caller is answered', ['5']),
];
