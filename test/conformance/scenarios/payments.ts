import { FAILED, QUEUED, REVIEW, SUCCEEDED, type Outcome, type Scenario } from '../scenario.ts';

const refused = (code: string): Outcome => ({ errors: [code], effects: 0, sends: 0, returned: 'nothing' });

export const payments: readonly Scenario[] = [
  {
    name: 'not captured',
    expects: refused('PAYMENT_NOT_REFUNDABLE'),
    async does(s) {
      await s.refund(await s.payment({ status: 'authorized' }));
    },
  },
  {
    name: 'not paid',
    expects: refused('PAYMENT_NOT_REFUNDABLE'),
    async does(s) {
      await s.refund(await s.payment({ status: 'pending' }));
    },
  },
  {
    name: 'too old',
    needs: 'refundWindowDays',
    expects: refused('REFUND_WINDOW_EXPIRED'),
    async does(s) {
      const createdAt = await s.daysAgo(s.subject.tooOldDays ?? 0);
      await s.refund(await s.payment({ createdAt, capturedAt: createdAt }));
    },
  },
  {
    name: 'unknown payment',
    expects: refused('PAYMENT_NOT_FOUND'),
    instead: { NO_PROOF: refused('PROVIDER_UNAVAILABLE') },
    async does(s) {
      await s.refund(s.subject.unknownPayment);
    },
  },
  {
    name: 'wrong credentials when it is sent',
    rows: ['13'],
    expects: { answers: [QUEUED], ends: [SUCCEEDED], effects: 1, returned: 'part' },
    instead: {
      REFUSED: { answers: [FAILED], ends: [FAILED], effects: 0, returned: 'nothing' },
      LEFT_TO_A_PERSON: { ends: [REVIEW], effects: 0, sends: 1, returned: 'nothing' },
    },
    async does(s) {
      const payment = await s.payment();
      await s.fault('unauthorized');
      await s.refund(payment);
      await s.untilEnded();
    },
  },
  {
    name: 'wrong credentials when the payment is read',
    rows: ['13'],
    expects: refused('AUTHENTICATION_FAILED'),
    async does(s) {
      const payment = await s.payment();
      await s.fault('unauthorized', { operation: 'getPayment' });
      await s.refund(payment);
      // The account is well again when something is taken.
      await s.later(61);
    },
  },
];
