import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtLegs } from '../../src/refunds/looks/look.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
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
const lines: { level: number; alert?: string }[] = [];
beforeAll(async () => {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as (typeof lines)[number]);
      done();
    },
  });
  t = await createTestWorld('paused_account', pino({ level: 'info' }, sink));
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  lines.length = 0;
});

const alarms = () => lines.flatMap(({ alert }) => alert ?? []);
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const healthOf = async (code: string) =>
  (
    await t.database.db
      .selectFrom('accounts')
      .select('health')
      .where('code', '=', code)
      .executeTakeFirstOrThrow()
  ).health;

describe.each(['unauthorized', 'forbidden'])('credentials refused by %s', (kind) => {
  test('keep what is reserved, raise one alarm, and hold back the sends of this account only', async () => {
    const [first, second] = [await t.payment('1500.00'), await t.payment('1500.00')];
    const theirs = await t.payment('1500.00', { account: 'yookassa-other' });
    // Seen before the trouble begins, so that nothing has to be read.
    for (const id of [first, second]) await createRefund(t.world, t.caller(), refundCommand(id, 1_000n));

    await armFault(t, kind, { times: 2 });
    const refused = valueOf(await createRefund(t.world, t.caller(), refundCommand(first, 40_000n)));
    expect(await refundRow(t, refused.refundId)).toMatchObject({ status: 'QUEUED' });
    expect(await paymentRow(t, first)).toMatchObject({ reserved_minor: 40_000n });
    expect(await healthOf('yookassa-demo')).toBe('CREDENTIALS_REFUSED');

    const requests = await watchRequests(t);
    const waiting = valueOf(
      await createRefund(t.world, t.caller(), refundCommand(second, 40_000n, { waitMs: 300 })),
    );
    expect(await refundRow(t, waiting.refundId)).toMatchObject({ status: 'QUEUED' });
    expect(await requests('createRefund')).toEqual([]);

    await clearFaults(t);
    const input = {
      ...refundCommand(theirs, 10_000n),
      payment: { account: 'yookassa-other', paymentId: theirs },
    };
    const free = valueOf(await createRefund(t.world, t.caller('other'), input));
    expect(await refundRow(t, free.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await healthOf('yookassa-demo')).toBe('CREDENTIALS_REFUSED');

    // Asked by a person it is tried again, refused again, and no second alarm is raised.
    await armFault(t, kind);
    expect(valueOf(await sync(refused.refundId)).problems).toMatchObject([{ code: 'AUTHENTICATION_FAILED' }]);
    expect(alarms()).toEqual(['ACCOUNT_CREDENTIALS_REFUSED']);

    valueOf(await sync(refused.refundId));
    expect(await refundRow(t, refused.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await healthOf('yookassa-demo')).toBe('OK');
    valueOf(await sync(waiting.refundId));
    expect(await refundRow(t, waiting.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    for (const id of [first, second]) await expectSound(t, id);
  });
});

describe('what proves nothing about the credentials', () => {
  test('a look at a leg that was never sent asks nobody and ends no pause', async () => {
    const paymentId = await t.payment('1500.00');
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n));
    await armFault(t, 'unauthorized');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const [leg] = (await refundRow(t, refundId)).legs;
    const requests = await watchRequests(t);
    await lookAtLegs(t.world, t.caller().viewer.merchantId, [leg!.id]);
    expect(await requests()).toEqual([]);
    expect(await healthOf('yookassa-demo')).toBe('CREDENTIALS_REFUSED');
    valueOf(await sync(refundId));
    expect(await healthOf('yookassa-demo')).toBe('OK');
  });
});

describe('a pause that another process saw', () => {
  test('raises no alarm again when this one meets it too', async () => {
    const paymentId = await t.payment('1500.00');
    const other = await t.replica();
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n));
    await armFault(t, 'unauthorized', { times: 2 });
    const made = [];
    for (const world of [t.world, other])
      made.push(valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, 1_000n))));
    valueOf(await syncRefund(other, t.caller(), { refundId: made[1]!.refundId, waitMs: 10_000 }));
    expect(alarms()).toEqual(['ACCOUNT_CREDENTIALS_REFUSED']);
    for (const { refundId } of made) valueOf(await sync(refundId));
    expect(await healthOf('yookassa-demo')).toBe('OK');
  });

  test('is known to a process that starts later', async () => {
    const paymentId = await t.payment('1500.00');
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n));
    await armFault(t, 'unauthorized');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const later = await t.replica();
    const requests = await watchRequests(t);
    const input = refundCommand(paymentId, 1_000n, { waitMs: 300 });
    const waiting = valueOf(await createRefund(later, t.caller(), input));
    expect(await refundRow(t, waiting.refundId)).toMatchObject({ status: 'QUEUED' });
    expect(await requests('createRefund')).toEqual([]);
    valueOf(await sync(refundId));
    valueOf(await sync(waiting.refundId));
    expect(await refundRow(t, waiting.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});
