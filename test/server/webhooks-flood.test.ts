import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeliveryStore } from '../../src/refunds/webhooks/delivery-store.ts';
import { createRefusalWatch } from '../../src/refunds/webhooks/refusal-watch.ts';
import { createLogBudget } from '../../src/server/log-budget.ts';
import { createMovableClock } from '../../src/clock.ts';
import type { NewDelivery } from '../../src/db/webhook-deliveries.ts';
import type { Evidence } from '../../src/vocabulary.ts';
import { createTestService, type TestService } from '../support/service.ts';
import { forgetMessages, messagesOf, send, watchCalls, webhookUrl, yookassa } from '../support/webhooks.ts';

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_flood', { engine: true });
});
beforeEach(() => forgetMessages(t));
afterAll(() => t.close());

const connectionOf = (account: string) =>
  t.app.world.connections.all().find(({ accountCode }) => accountCode === account)!;

describe('a flood of messages that nobody has signed', () => {
  it('is worked off without a call of the provider, while the API answers', async () => {
    const url = webhookUrl(t, 'yookassa-demo');
    const calls = await watchCalls(t, 'yookassa');
    const statuses = new Map<number, number>();
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < 4_000) {
        const id = `flood-${(next += 1)}`;
        const answer = await send(
          url,
          yookassa({ event: 'refund.succeeded', refundId: id, paymentId: `${id}-payment` }),
        );
        await answer.arrayBuffer();
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }
    };
    const flood = Promise.all(Array.from({ length: 64 }, sender));
    let isOver = false;
    void flood.then(() => (isOver = true));
    let answered = 0;
    while (!isOver) {
      const answer = await t.graphql<{ viewer: { scopes: string[] } }>('{ viewer { scopes } }');
      expect(answer.data.viewer.scopes).toHaveLength(2);
      answered += 1;
    }
    await flood;
    expect(answered).toBeGreaterThan(5);
    expect([...statuses.keys()].every((status) => status === 200 || status === 503)).toBe(true);
    const taken = statuses.get(200) ?? 0;
    expect(taken).toBeGreaterThan(1_000);
    await expect
      .poll(async () => (await messagesOf(t)).filter(({ status }) => status !== 'IGNORED').length, {
        timeout: 60_000,
        interval: 250,
      })
      .toBe(0);
    expect((await messagesOf(t)).length).toBe(taken);
    // A sweep of the account lists what is new.
    expect((await calls()).filter((operation) => operation !== 'listRefunds')).toEqual([]);
    const lines = t
      .logged()
      .split('\n')
      .filter((line) => line.includes('"msg":"webhook"'));
    expect(lines.length).toBeLessThan(taken / 2);
    expect(lines.some((line) => line.includes('"leftOut":'))).toBe(true);
  });
});

describe('what waits', () => {
  const delivery = (key: string, account = 'razorpay-demo'): NewDelivery => {
    const { accountId, merchantId } = connectionOf(account);
    return {
      accountId,
      merchantId,
      deduplicationKey: key,
      event: 'e',
      providerRefundId: null,
      providerPaymentId: null,
      ourReference: null,
      evidence: null,
      isUnsigned: false,
      times: 1,
    };
  };

  it('is bounded for each account in the database', async () => {
    const { db } = t.database;
    // Nobody works on them, and who has begun already does not end it.
    const next_look_at = new Date(Date.now() + 3_600_000);
    const store = createDeliveryStore({ db, limits: { pendingAtMost: 3, waitingAtMost: 100 } });
    for (const key of ['1', '2', '3']) expect(await store.keep([delivery(key)])).toBe(true);
    await db
      .updateTable('webhook_deliveries')
      .set({ next_look_at, status: 'PENDING', look_lease_until: null })
      .execute();
    expect(await store.keep([delivery('4')])).toBe(false);
    const [full, other] = await Promise.all([
      store.keep([delivery('5')]),
      store.keep([delivery('5', 'stripe-demo')]),
    ]);
    expect([full, other]).toEqual([false, true]);
    expect((await messagesOf(t)).map((row) => row.deduplication_key).toSorted()).toEqual([
      '1',
      '2',
      '3',
      '5',
    ]);
  });

  it('is bounded in the process', async () => {
    const { db } = t.database;
    const store = createDeliveryStore({ db, limits: { pendingAtMost: 1_000, waitingAtMost: 3 } });
    const kept = await Promise.all(['1', '2', '3', '4'].map((key) => store.keep([delivery(key)])));
    expect(kept).toEqual([true, true, true, false]);
    expect(await store.keep([delivery('4')])).toBe(true);
  });
});

describe('webhooks that are refused', () => {
  it('for an hour, with none that was verified, call the operator once', () => {
    const clock = createMovableClock();
    const raised: [string, Evidence][] = [];
    const watch = createRefusalWatch({
      clock,
      alerts: { raise: (code, details) => void raised.push([code, details]) },
    });
    const connection = connectionOf('razorpay-demo');
    const at = (seconds: number, kind: 'refused' | 'verified'): void => {
      clock.setOffsetSeconds(seconds);
      if (kind === 'verified') watch.verified(connection);
      else watch.refused(connection, 'FORGED');
    };
    at(0, 'refused');
    at(3_500, 'refused');
    at(3_550, 'verified');
    at(3_590, 'refused');
    at(7_000, 'refused');
    expect(raised).toEqual([]);
    at(7_300, 'refused');
    at(9_000, 'refused');
    expect(raised).toEqual([['WEBHOOKS_REFUSED', { account: 'razorpay-demo', reason: 'FORGED' }]]);
    watch.refused(connectionOf('stripe-demo'), 'FORGED');
    at(9_100, 'verified');
    at(9_200, 'refused');
    at(13_000, 'refused');
    expect(raised).toHaveLength(2);
  });

  it('leave some lines in the log, which say how many they stand for', () => {
    let now = 0;
    const budget = createLogBudget(() => now);
    const first = Array.from({ length: 30 }, () => budget.spend('a forged'));
    expect(first.filter((leftOut) => leftOut !== undefined)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(budget.spend('b forged')).toBe(0);
    now = 1_000;
    expect([budget.spend('a forged'), budget.spend('a forged')]).toEqual([20, 0]);
  });
});
