import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeClockMovable } from '../../src/db/installation.ts';
import { expectSound } from '../support/rules.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { razorpay, send, webhookUrl, workOnMessages } from '../support/webhooks.ts';

const account = 'razorpay-demo';

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_property', {}, { movableClock: true });
  await makeClockMovable(t.database.db);
});
afterAll(() => t.close());

const events = ['refund.created', 'refund.processed', 'refund.failed', 'refund.speed_changed'] as const;

/** Whatever is told is told of one of the refunds; truth and lie are not told apart by the test either. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('tell' as const),
      refund: fc.nat({ max: 3 }),
      event: fc.constantFrom(...events),
      times: fc.integer({ min: 1, max: 3 }),
      isSecondOccasion: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('work' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      refund: fc.nat({ max: 3 }),
      status: fc.constantFrom('succeeded', 'failed'),
    }),
  },
);

const ledgerOf = async (reference: string) => {
  const { payments } = await t.control<{ payments: Awaited<ReturnType<TestService['ledgerOf']>>[] }>(
    `ledger?provider=razorpay&reference=${reference}`,
  );
  return payments[0]!;
};

test('in whatever order and however often messages come, each refund moves once, to what its provider says', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      runs += 1;
      await t.control('mode', { provider: 'razorpay', refunds: 'pending' });
      const payment = await t.payment('100.00', {
        provider: 'razorpay',
        amount: { value: '100.00', currency: 'MYR' },
      });
      for (let count = 0; count < 4; count += 1)
        await t.graphql(createRefundMutation, {
          input: refundInput(payment, '10.00', {
            idempotencyKey: `property-${runs}-${count}`,
            payment: { provider: { account, paymentId: payment } },
            amount: { money: { value: '10.00', currency: 'MYR' } },
          }),
        });
      const ids = (await ledgerOf(payment)).refunds.map(({ id }) => id);
      expect(ids).toHaveLength(4);
      const ended = new Map<string, string>();
      const tell = (id: string, event: (typeof events)[number], occasion: string) =>
        send(
          webhookUrl(t, account),
          razorpay({ event, refundId: id, paymentId: payment, eventId: `${event}-${id}-${occasion}` }),
        );
      const end = async (id: string, status: string): Promise<void> => {
        if (ended.has(id)) return;
        ended.set(id, status);
        await t.control('settle', { provider: 'razorpay', refundId: id, status });
      };

      for (const each of steps) {
        if (each.kind === 'work') await workOnMessages(t.app.world);
        else if (each.kind === 'end') await end(ids[each.refund]!, each.status);
        else {
          const occasion = each.isSecondOccasion ? 'b' : 'a';
          const answers = await Promise.all(
            Array.from({ length: each.times }, () => tell(ids[each.refund]!, each.event, occasion)),
          );
          expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        }
      }
      // In the end the provider tells of every end, as it would have, the last one first.
      for (const id of ids.toReversed()) {
        await end(id, 'succeeded');
        await tell(id, ended.get(id) === 'failed' ? 'refund.failed' : 'refund.processed', 'end');
      }
      await workOnMessages(t.app.world);

      const legs = await t.database.db
        .selectFrom('refund_legs')
        .select(['id', 'status', 'provider_refund_id'])
        .where('provider_refund_id', 'in', ids)
        .execute();
      for (const id of ids) {
        const leg = legs.find((one) => one.provider_refund_id === id)!;
        expect(leg.status).toBe(ended.get(id) === 'failed' ? 'FAILED' : 'SUCCEEDED');
        const moves = await t.database.db
          .selectFrom('events')
          .select(['from_status', 'to_status'])
          .where('leg_id', '=', leg.id)
          .where('to_status', '=', leg.status)
          .whereRef('from_status', '<>', 'to_status')
          .execute();
        expect(moves).toHaveLength(1);
      }
      await expectSound({ database: t.database, ledgerOf }, payment);
      const open = await t.database.db
        .selectFrom('webhook_deliveries')
        .select('id')
        .where('status', '=', 'PENDING')
        .execute();
      expect(open).toEqual([]);
    }),
    { numRuns: 20 },
  );
});
