import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createTestService,
  createRefundMutation,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { toyDelivery, toyReceiver, withReceiver, type ToyMessage } from '../support/toy-webhooks.ts';

let t: TestService;
beforeAll(async () => {
  t = await createTestService(
    'webhooks',
    { engine: true },
    { providers: withReceiver('yookassa', toyReceiver('SIGNATURE')) },
  );
});
afterAll(() => t.close());

const idOf = (account: string) =>
  t.app.world.connections.all().find(({ accountCode }) => accountCode === account)!.webhookId;

const deliver = (messages: readonly ToyMessage[], account = 'yookassa-demo') =>
  fetch(`${t.app.url}/webhooks/${idOf(account)}`, { method: 'POST', ...toyDelivery(messages) });

const rows = () => t.database.db.selectFrom('webhook_deliveries').selectAll().execute();

test('a message of a refund has it looked at, at once', async () => {
  await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
  const payment = await t.payment('1500.00');
  const made = await t.graphql<any>(createRefundMutation, { input: refundInput(payment, '10.00') });
  expect(made.data.createRefund.refund.status).toBe('PENDING');
  await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
  const [{ id }] = (await t.ledgerOf(payment)).refunds as any;
  const answer = await deliver([{ key: 'a', refund: id, payment }]);
  expect([answer.status, await answer.text()]).toEqual([200, 'taken']);
  await expect.poll(async () => (await rows()).map(({ status }) => status)).toEqual(['DONE']);
  const refund = await t.database.db.selectFrom('refunds').select('status').executeTakeFirstOrThrow();
  expect(refund.status).toBe('SUCCEEDED');
});
