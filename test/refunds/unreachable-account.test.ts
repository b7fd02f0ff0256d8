import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
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

test('a send to a provider that does not answer is not tried: the refund waits, its amount reserved', async () => {
  const breaker = { failures: 3, overMs: 0, firstOpenMs: 300, maxOpenMs: 300 };
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
  expect(await refundRow(t, waiting.refundId)).toMatchObject({
    status: 'QUEUED',
    legs: [{ status: 'QUEUED', failure: { code: 'PROVIDER_UNAVAILABLE' } }],
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

  await clearFaults(t);
  for (const { refundId } of [waiting, unclear])
    await expect
      .poll(
        async () => {
          await syncRefund(world, t.caller(), { refundId, waitMs: 10_000 });
          return (await refundRow(t, refundId)).status;
        },
        { timeout: 10_000, interval: 100 },
      )
      .toBe('SUCCEEDED');
  for (const id of [first, second]) await expectSound(t, id);
});
