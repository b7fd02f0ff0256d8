import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { runLine } from '../../src/refunds/sending-line.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
const lines: { alert?: string; account?: string }[] = [];
beforeAll(async () => {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as (typeof lines)[number]);
      done();
    },
  });
  t = await createTestWorld('unreachable_account', pino({ level: 'info' }, sink));
});
afterAll(() => t.close());

test('a refund of a provider that does not answer waits unsent, its amount reserved, and ends once it answers', async () => {
  const breaker = { failures: 3, overMs: 0, firstOpenMs: 600_000, maxOpenMs: 600_000 };
  const world = await t.replica({ breaker });
  const [first, second] = [await t.payment('1500.00'), await t.payment('1500.00')];
  const theirs = await t.payment('1500.00', { account: 'yookassa-other' });
  // Seen before the trouble begins, so that nothing has to be read.
  for (const id of [first, second]) await createRefund(world, t.caller(), refundCommand(id, 1_000n));

  await armFault(t, 'error-before-effect', { operation: '*', reference: first, times: 100 });
  const unclear = valueOf(await createRefund(world, t.caller(), refundCommand(first, 40_000n)));
  expect(await refundRow(t, unclear.refundId)).toMatchObject({ status: 'UNKNOWN' });
  await syncRefund(world, t.caller(), { refundId: unclear.refundId, waitMs: 10_000 });

  const requests = await watchRequests(t);
  const waiting = valueOf(await createRefund(world, t.caller(), refundCommand(second, 40_000n)));
  expect(await refundRow(t, waiting.refundId)).toMatchObject({ status: 'QUEUED', legs: [{ sent_at: null }] });
  await runLine(
    world,
    world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!,
    t.caller().viewer.merchantId,
    (await paymentRow(t, second)).id,
  );
  // Neither taken nor put back: a queue that waits for hours must not fill the history.
  const events = await t.database.db
    .selectFrom('events')
    .select('kind')
    .where('refund_id', '=', waiting.refundId)
    .execute();
  expect(events).toHaveLength(1);
  expect(await syncRefund(world, t.caller(), { refundId: waiting.refundId, waitMs: 10_000 })).toMatchObject({
    value: { problems: [{ code: 'PROVIDER_UNAVAILABLE' }] },
  });
  expect(await refundRow(t, waiting.refundId)).toMatchObject({
    status: 'QUEUED',
    attempts: [{ attempt: 1 }],
  });
  expect(await paymentRow(t, second)).toMatchObject({ reserved_minor: 40_000n });
  expect(await requests()).toEqual([]);
  expect(lines.filter(({ alert }) => alert !== undefined)).toMatchObject([
    { alert: 'ACCOUNT_UNREACHABLE', account: 'yookassa-demo' },
  ]);

  const input = {
    ...refundCommand(theirs, 10_000n),
    payment: { account: 'yookassa-other', paymentId: theirs },
  };
  const free = valueOf(await createRefund(world, t.caller('other'), input));
  expect(await refundRow(t, free.refundId)).toMatchObject({ status: 'SUCCEEDED' });

  // By another process, which has not given up.
  await clearFaults(t);
  for (const { refundId } of [waiting, unclear]) {
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
  }
  for (const id of [first, second]) await expectSound(t, id);
});
