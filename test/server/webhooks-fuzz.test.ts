import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzWebhooks, totals } from '../fuzz/fuzz-webhooks.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { untilWorkedOn, webhookUrl } from '../support/webhooks.ts';

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_fuzz', { engine: true });
});
afterAll(() => t.close());

const tables = [
  'payments',
  'refunds',
  'refund_legs',
  'leg_attempts',
  'provider_refunds',
  'payment_operations',
  'idempotency',
  'events',
];

/** Every row, but for when somebody looked last and looks next. */
async function state(): Promise<readonly unknown[]> {
  const looks = ['as_of', 'looked_at', 'next_look_at', 'look_lease_until', 'look_is_shared'];
  const tries = ['look_failures', 'look_retries', 'look_retry_at'];
  const volatile = [...looks, ...tries, 'updated_at', 'version'];
  return Promise.all(
    tables.map(async (table) => {
      const { rows } = await sql<{ row: string }>`
        SELECT (to_jsonb(each) - ${volatile}::text[])::text AS row
        FROM ${sql.table(table)} AS each ORDER BY 1`.execute(t.database.db);
      return { table, rows };
    }),
  );
}

test('whatever is sent to the endpoints of webhooks changes nothing, and is answered as it should be', async () => {
  const paymentId = await t.payment('100.00');
  await t.graphql(createRefundMutation, { input: refundInput(paymentId, '10.00') });
  const refundId = (await t.ledgerOf(paymentId)).refunds[0]!.id;
  const providers = ['yookassa', 'razorpay', 'robokassa', 'yandex-pay', 'stripe'];
  const paths = Object.fromEntries(
    providers.map((provider) => [provider, webhookUrl(t, `${provider}-demo`, '')]),
  );
  // A look that is made now finds nothing new.
  await t.graphql(
    `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } },
      maxAgeSeconds: 0, waitMs: 10000) { status } }`,
    { id: paymentId },
  );
  const before = await state();
  const counts = await fuzzWebhooks(
    t.app.url,
    { paths, known: { yookassa: { refundId, paymentId } }, now: () => new Date() },
    { seed: 20_261_122, runs: 1_500 },
  );
  await untilWorkedOn(t);
  const sums = totals(counts);
  expect(Object.keys(counts).length).toBe(10);
  expect(sums[200]).toBeGreaterThan(100);
  expect(sums[401]).toBeGreaterThan(50);
  // A body that is too large may be refused before it was sent to its end.
  expect(Object.keys(sums).filter((status) => !/^(200|4\d\d|503|cut)$/.test(status))).toEqual([]);
  expect(Object.keys(counts).filter((kind) => 'cut' in counts[kind]! && kind !== 'large')).toEqual([]);
  expect(t.logged()).not.toContain('could not be worked on');
  expect(await state()).toEqual(before);
});
