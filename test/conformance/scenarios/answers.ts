import {
  FAILED,
  PENDING,
  QUEUED,
  REVIEW,
  SUCCEEDED,
  UNKNOWN,
  type Outcome,
  type Scenario,
} from '../scenario.ts';

/** An unknown word, in whatever the provider's states are made of. */
const WORD = 'dancing';

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
    rows: ['16'],
    expects: {
      answers: [PENDING],
      ends: [SUCCEEDED],
      seen: ['the word was kept'],
      alerts: ['PROVIDER_STATUS_UNRECOGNISED'],
      effects: 1,
      sends: 1,
      returned: 'part',
    },
    instead: { NOT_TOLD: notTold },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('unknown-status', { operation: s.subject.tellsBy ?? 'createRefund', word: WORD });
      const refund = await s.refund(payment);
      await s.untilEnded();
      if ((await s.kept(refund!.id, 'rawStatus')).includes(WORD)) s.see('the word was kept');
    },
  },
  {
    name: 'wrong amount echoed',
    rows: ['15'],
    expects: {
      ends: [REVIEW],
      seen: ['both figures were kept'],
      alerts: ['REFUND_AMOUNT_DIFFERS'],
      effects: 1,
      sends: 1,
      returned: 'part',
    },
    instead: { NOT_TOLD: notTold },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('wrong-amount', { operation: s.subject.tellsBy ?? 'createRefund' });
      const refund = await s.refund(payment);
      await s.untilEnded();
      if ((await s.kept(refund!.id, 'providerAmountMinor')).length > 0) s.see('both figures were kept');
    },
  },
  {
    name: 'too many requests (429)',
    rows: ['11'],
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
    name: 'too many requests (429) with Retry-After, which another account does not notice',
    rows: ['11'],
    expects: {
      ends: [SUCCEEDED, SUCCEEDED],
      seen: ['the other account was not kept waiting', 'not asked before its time'],
      effects: 2,
      sends: 3,
      returned: 'two parts',
    },
    instead: {
      LEFT_TO_A_PERSON: {
        ends: [REVIEW, SUCCEEDED],
        seen: ['the other account was not kept waiting', 'not asked before its time'],
        effects: 1,
        sends: 2,
        returned: 'part',
      },
    },
    async does(s) {
      const payment = await s.payment();
      const other = await s.paymentOfSibling();
      const sends = async () =>
        (await s.calls()).filter(({ operation }) => operation === 'createRefund').length;
      // The silence is kept in the memory of the process that was told to, in real time.
      await s.inAnotherProcess(async () => {
        await s.fault('rate-limited', { retryAfterMs: 60_000 });
        await s.refund(payment);
        await s.refund(other.payment, other.asked);
        if ((await sends()) === 2) s.see('the other account was not kept waiting');
      });
      await s.later(31);
      if ((await sends()) === 2) s.see('not asked before its time');
      await s.untilEnded();
    },
  },
  {
    name: 'another operation is in progress',
    rows: ['10'],
    expects: sentLater,
    instead: { FOUND_OUT: { answers: [UNKNOWN], ends: [SUCCEEDED], effects: 1, returned: 'part' } },
    async does(s) {
      const payment = await s.payment();
      await s.fault('busy');
      await s.refund(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'a request with the same key is in progress',
    rows: ['10'],
    needs: 'idempotencyHours',
    expects: { ends: [SUCCEEDED], effects: 1, sends: 2, returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      await s.fault('key-in-progress');
      await s.refund(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'the key is known with other content',
    rows: ['10'],
    needs: 'idempotencyHours',
    expects: {
      ends: [REVIEW],
      alerts: ['PROVIDER_KEY_CONFLICT', 'REFUND_NEEDS_VERDICT'],
      effects: 0,
      sends: 1,
      returned: 'nothing',
    },
    instead: { REFUSED: { ends: [FAILED], alerts: [], effects: 0, sends: 1, returned: 'nothing' } },
    async does(s) {
      const payment = await s.payment();
      await s.fault('key-conflict');
      await s.refund(payment);
      await s.untilEnded();
    },
  },
];
