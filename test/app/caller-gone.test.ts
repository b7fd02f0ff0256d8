import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findViolations } from '../support/invariants.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { takeSnapshot } from '../support/snapshot.ts';

let service: TestService;
beforeAll(async () => {
  service = await createTestService('caller-gone');
});
afterAll(() => service.close());

const rows = async (): Promise<number> =>
  (await service.database.db.selectFrom('refunds').select('id').execute()).length;

/** When the caller goes, by what is seen of its request. */
const moments = {
  'before the payment was read': async () => delay(20),
  'while the provider works': async (before: number) => {
    while ((await rows()) === before) await delay(5);
  },
} as const;

test.each(Object.keys(moments) as (keyof typeof moments)[])(
  'a caller who goes away %s leaves a refund that ends, and no open transaction',
  async (moment) => {
    const payment = await service.payment('1500.00');
    for (const operation of ['getPayment', 'createRefund'])
      await service.control('faults', { provider: 'yookassa', operation, kind: 'slow', ms: 400 });
    const before = await rows();
    const gone = new AbortController();
    const input = refundInput(payment, '400.00');
    const answer = fetch(`${service.app.url}/graphql`, {
      method: 'POST',
      headers: { authorization: 'Bearer rf_test_demo', 'content-type': 'application/json' },
      body: JSON.stringify({ query: createRefundMutation, variables: { input } }),
      signal: gone.signal,
    }).then(
      () => 'answered',
      () => 'gone',
    );
    await moments[moment](before);
    gone.abort();
    expect(await answer).toBe('gone');

    // What was begun ends by itself; the same key tells how.
    type Answer = { createRefund: { refund: { status: string } | null; errors: unknown[] } };
    const { data } = await service.graphql<Answer>(createRefundMutation, { input });
    expect(data.createRefund).toMatchObject({ errors: [] });
    await expect
      .poll(async () => (await service.ledgerOf(payment)).refunds.map(({ status }) => status))
      .toEqual(['succeeded']);
    const { db } = service.database;
    await expect
      .poll(async () => (await takeSnapshot(db)).legs.map((leg) => leg.status))
      .not.toContain('SENDING');
    const { payments } = await service.control<{ payments: never[] }>('ledger?provider=yookassa');
    expect(findViolations(await takeSnapshot(db), payments, { quiet: true })).toEqual([]);
    const { rows: open } = await sql`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`.execute(
      db,
    );
    expect(open).toEqual([]);
  },
);
