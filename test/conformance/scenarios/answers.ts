import { PENDING, QUEUED, REVIEW, SUCCEEDED, UNKNOWN, type Outcome, type Scenario } from '../scenario.ts';

const sentLater: Outcome = { answers: [QUEUED], ends: [SUCCEEDED], effects: 1, sends: 2, returned: 'part' };

/** Where neither is told, it is done when it is answered. */
const notTold: Outcome = { answers: [SUCCEEDED], ends: [SUCCEEDED], effects: 1, sends: 1, returned: 'part' };

export const answers: readonly Scenario[] = [
  {
    name: 'the answer to the send is the end',
    expects: { answers: [SUCCEEDED], ends: [SUCCEEDED], effects: 1, sends: 1, returned: 'part' },
    instead: {
      ENDS_LATER: { answers: [PENDING], ends: [SUCCEEDED], effects: 1, sends: 1, returned: 'part' },
    },
    async does(s) {
      await s.refund(await s.payment());
      await s.untilEnded();
    },
  },
  {
    name: 'unknown status word',
    expects: { answers: [PENDING], ends: [SUCCEEDED], effects: 1, sends: 1, returned: 'part' },
    instead: { NOT_TOLD: notTold },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('unknown-status', { operation: s.subject.tellsBy ?? 'createRefund' });
      await s.refund(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'wrong amount echoed',
    expects: { ends: [REVIEW], effects: 1, sends: 1, returned: 'part' },
    instead: { NOT_TOLD: notTold },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('wrong-amount', { operation: s.subject.tellsBy ?? 'createRefund' });
      await s.refund(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'too many requests (429)',
    expects: sentLater,
    instead: { LEFT_TO_A_PERSON: { ends: [REVIEW], effects: 0, sends: 1, returned: 'nothing' } },
    async does(s) {
      const payment = await s.payment();
      await s.fault('rate-limited');
      await s.refund(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'another operation is in progress',
    expects: sentLater,
    instead: { FOUND_OUT: { answers: [UNKNOWN], ends: [SUCCEEDED], effects: 1, returned: 'part' } },
    async does(s) {
      const payment = await s.payment();
      await s.fault('busy');
      await s.refund(payment);
      await s.untilEnded();
    },
  },
];
