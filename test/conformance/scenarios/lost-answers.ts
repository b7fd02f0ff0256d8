import { REVIEW, SUCCEEDED, UNKNOWN, type Outcome, type Row, type Scenario } from '../scenario.ts';

/** Found out without a person, with one refund at the provider. */
const foundOut: Outcome = { answers: [UNKNOWN], ends: [SUCCEEDED], effects: 1, returned: 'part' };
const foundOutThrice: Outcome = {
  answers: [UNKNOWN, UNKNOWN, UNKNOWN],
  ends: [SUCCEEDED, SUCCEEDED, SUCCEEDED],
  effects: 3,
  returned: 'three parts',
};
/** Nobody guesses: what may have been executed is never executed twice. */
const leftAfterEffect: Outcome = { ends: [REVIEW], effects: 1, returned: 'part' };
const leftBeforeEffect: Outcome = { ...leftAfterEffect, effects: 0, returned: 'nothing' };

/** Something goes wrong with the answer to the one call that makes the refund. */
const lost = (
  row: Row,
  name: string,
  kind: string,
  hadEffect: boolean,
  more: Partial<Scenario> = {},
  options: Record<string, unknown> = {},
): Scenario => ({
  name,
  rows: [row],
  expects: foundOut,
  instead: { LEFT_TO_A_PERSON: hadEffect ? leftAfterEffect : leftBeforeEffect },
  async does(s) {
    const payment = await s.payment();
    await s.fault(kind, options);
    await s.refund(payment);
    await s.untilEnded();
  },
  ...more,
});

export const lostAnswers: readonly Scenario[] = [
  lost('7', 'lost answer after the effect', 'lost-after-effect', true, {
    expects: { ...foundOut, sends: 1 },
    proves: ['listByPayment'],
  }),
  lost('8', 'lost answer before the effect', 'lost-before-effect', false, { proves: ['idempotencyHours'] }),
  {
    name: 'lost answer after the effect, and the list lags behind',
    rows: ['7', '18'],
    needs: 'idempotencyHours',
    expects: { ...foundOut, sends: 2 },
    async does(s) {
      const payment = await s.payment();
      await s.fault('lost-after-effect');
      await s.refund(payment);
      await s.fault('list-lag', { operation: '*', seconds: 3600 });
      await s.untilEnded();
    },
  },
  lost('9', 'half an answer', 'cut-body', true),
  lost('12', '5xx after the effect', 'error-after-effect', true),
  lost('12', '5xx before the effect', 'error-before-effect', false),
  lost('12', '503 after the effect', 'error-after-effect', true, {}, { status: 503 }),
  lost('12', '503 before the effect', 'error-before-effect', false, {}, { status: 503 }),
  lost('9', 'garbage with status 200', 'garbage', true),
  {
    name: 'garbage with status 200 in every other form',
    rows: ['9'],
    expects: foundOutThrice,
    instead: {
      LEFT_TO_A_PERSON: { ends: [REVIEW, REVIEW, REVIEW], effects: 3, returned: 'three parts' },
    },
    async does(s) {
      for (const format of ['text', 'empty', 'gateway']) {
        const payment = await s.payment();
        await s.fault('garbage', { format, status: 200 });
        await s.refund(payment);
      }
      await s.untilEnded();
    },
  },
  lost('9', 'an empty object with status 200', 'garbage', true, {}, { format: 'hollow' }),
  lost('9', 'garbage with status 502', 'garbage', false, {}, { status: 502, effect: false }),
  {
    name: 'slow',
    expects: { ends: [SUCCEEDED], seen: ['answered before its end'], effects: 1, sends: 1, returned: 'part' },
    async does(s) {
      const payment = await s.payment();
      await s.look(payment);
      await s.fault('slow', { ms: 500 });
      const refund = await s.refund(payment, { waitMs: 0 });
      if (refund?.isFinal === false) s.see('answered before its end');
      await s.untilAnswered();
      await s.untilEnded();
    },
  },
];
