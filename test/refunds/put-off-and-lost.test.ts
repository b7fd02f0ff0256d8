import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { armFault, expectSound, problemOf, refundCommand, refundRow, valueOf } from '../support/rules.ts';
import { notReturned, resolve } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('put_off_and_lost');
});
afterAll(() => t.close());

test('a refund that was put off at first, and lost days later, is looked for as long as every other', async () => {
  const paymentId = await t.payment('1500.00');
  await armFault(t, 'unauthorized');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
  await t.advance(3 * 86_400);
  await armFault(t, 'lost-before-effect');
  valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  const { attempts } = await refundRow(t, refundId);
  const lostAt = attempts[0]!.last_sent_at!.getTime();

  for (let looks = 0; looks < 10; looks += 1) {
    await t.advance(180);
    await driveDue(t.world);
  }
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
  expect(problemOf(await resolve(t, refundId, notReturned))).toMatchObject({
    code: 'NOT_RESOLVABLE',
    resolvableAt: new Date(lostAt + 23 * 3_600_000),
  });
  for (let hours = 0; hours < 48; hours += 1) {
    await t.advance(3_600);
    await driveDue(t.world);
  }
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
  valueOf(await resolve(t, refundId, notReturned));
  await expectSound(t, paymentId);
});
