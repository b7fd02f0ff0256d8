import { afterAll, beforeAll, expect, test } from 'vitest';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { armFault, expectSound, refundCommand, refundRow, valueOf, watchRequests } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('rolling-upgrade');
});
afterAll(() => t.close());

test('what an older release has sent is sent again as it was, whatever this one would build', async () => {
  const paymentId = await t.payment('1500.00');
  const requests = await watchRequests(t);
  await armFault(t, 'lost-before-effect');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN', attempts: [{ sends: 1 }] });

  const newer = await t.replica({
    adapter: {
      wireVersion: 'yookassa-2',
      buildRefund: (order) => ({
        ...yookassa.buildRefund(order),
        path: '/v2/refunds',
        body: '{"newer": true}',
      }),
    },
  });
  await t.advance(10);
  await driveDue(newer);
  expect(await refundRow(t, refundId)).toMatchObject({
    status: 'SUCCEEDED',
    attempts: [{ sends: 2, wire_version: 'yookassa/yookassa-1' }],
  });
  const [first, again, ...more] = await requests('createRefund');
  expect(again).toMatchObject({
    path: first!.path,
    bodyHash: first!.bodyHash,
    providerKey: first!.providerKey,
  });
  expect(more).toEqual([]);
  await expectSound(t, paymentId);
});
