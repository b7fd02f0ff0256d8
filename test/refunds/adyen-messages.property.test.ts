import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeLibrary } from '../providers/prism/fake-library.ts';
import { createToldService, type ToldService } from '../support/adyen.ts';
import { paymentRow } from '../support/rules.ts';
import { forgetMessages, messagesOf } from '../support/webhooks.ts';

let t: ToldService;
beforeAll(async () => {
  t = await createToldService('adyen_property', fakeLibrary);
  await t.control('mode', { provider: 'prism', refunds: 'pending' });
});
afterAll(() => t.close());

/** A word of Adyen; each is told once of a refund, however often it is repeated. */
const words = [
  'REFUND true',
  'REFUND false',
  'REFUND_FAILED true',
  'REFUNDED_REVERSED true',
  'REFUND_X true',
];

/** What is told of a refund, and at which second of its life; two may be of the same. */
const life = fc.uniqueArray(fc.record({ word: fc.constantFrom(...words), second: fc.nat({ max: 4 }) }), {
  selector: ({ word }) => word,
  maxLength: words.length,
});
type Life = readonly { readonly word: string; readonly second: number }[];

const isEnd = ({ word }: Life[number]): boolean => !word.startsWith('REFUND_X');

/** By the last word, in order: an unknown one says nothing, and of one instant a failure is the last one. */
function endOf(told: Life): 'open' | 'returned' | 'nothing' {
  const rank = ({ word, second }: Life[number]): number => second * 2 + (word === 'REFUND true' ? 0 : 1);
  const last = told
    .filter(isEnd)
    .toSorted((left, right) => rank(left) - rank(right))
    .at(-1);
  if (last === undefined) return 'open';
  return last.word === 'REFUND true' ? 'returned' : 'nothing';
}

const shownAs: Readonly<Record<string, string>> = {
  PENDING: 'open',
  UNKNOWN: 'open',
  SUCCEEDED: 'returned',
  FAILED: 'nothing',
  REVERSED: 'nothing',
};

const scene = fc
  .tuple(fc.array(fc.record({ life, isLost: fc.boolean() }), { minLength: 1, maxLength: 3 }))
  .chain(([refunds]) => {
    const all = refunds.flatMap(({ life: told }, refund) => told.map((one) => ({ ...one, refund })));
    return fc.record({
      refunds: fc.constant(refunds),
      // Every word in any order, some of them again, with pauses in which what is there is worked on.
      order: fc.shuffledSubarray([...all, ...all.slice(0, 4)], {
        minLength: all.length + Math.min(4, all.length),
      }),
      workAfter: fc.uniqueArray(fc.nat({ max: 12 })),
    });
  });

it('in whatever order and however often messages come, each refund ends as its last word says', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ refunds, order, workAfter }) => {
      await forgetMessages(t);
      const paymentId = await t.paid();
      const named: { refundId: string; reference: string | null }[] = [];
      for (const [index, { isLost }] of refunds.entries()) {
        if (isLost)
          await t.control('faults', {
            provider: 'prism',
            operation: 'createRefund',
            kind: 'lost-after-effect',
          });
        await t.refund(paymentId, BigInt(1_000 + index));
        const made = (await t.booksOf(paymentId)).find(
          ({ amountMinor }) => amountMinor === String(1_000 + index),
        )!;
        named.push({ refundId: made.id, reference: made.ourReference });
      }
      const begin = Date.now() - 60_000;
      for (const [step, { word, second, refund }] of order.entries()) {
        const [eventCode, success] = word.split(' ');
        const item = {
          ...named[refund]!,
          paymentId,
          amountMinor: 1_000 + refund,
          eventCode: eventCode!,
          success: success === 'true',
          at: new Date(begin + second * 1_000),
        };
        expect((await t.tell([{ ...item, reference: item.reference ?? '' }])).status).toBe(200);
        if (workAfter.includes(step)) await t.work();
      }
      await t.work();

      const rows = await t.refundsOf(paymentId);
      const wanted = refunds.map(({ life: told }) => endOf(told));
      expect(rows.map(({ status }) => shownAs[status])).toEqual(wanted);
      expect(rows.map(({ origin }) => origin)).toEqual(refunds.map(() => 'API'));
      const { refunded_minor: refunded, reserved_minor: reserved } = await paymentRow(t, paymentId);
      const sumOf = (end: string): bigint =>
        wanted.reduce((sum, one, index) => sum + (one === end ? BigInt(1_000 + index) : 0n), 0n);
      expect([refunded, reserved]).toEqual([sumOf('returned'), sumOf('open')]);
      // I1 to I7; what Adyen's books say is settled by nobody here, so that I2 is in the sums above.
      await t.sound(paymentId, { quiet: false });
      // I8: nothing that was acknowledged is left.
      expect((await messagesOf(t)).filter(({ status }) => status !== 'DONE')).toEqual([]);
    }),
    { numRuns: 25 },
  );
}, 120_000);
