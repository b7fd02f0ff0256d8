import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signatureOf } from '../../../sandbox/prism/adyen/notifications.ts';
import type { Json } from '../harness.ts';
import { type Received, startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { MERCHANT, type PrismHarness, startPrism } from './harness.ts';

const KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';

interface Item extends Json {
  additionalData: { hmacSignature: string };
  amount: { value: number; currency: string };
  eventCode: string;
  success: string;
}

/** The signature as a merchant checks it, written without the sandbox's own code. */
function isSigned(item: Item, key = KEY): boolean {
  const { pspReference, originalReference, merchantAccountCode, merchantReference } = item;
  const { amount, eventCode, success, additionalData } = item;
  const ids = [pspReference, originalReference, merchantAccountCode, merchantReference];
  const text = [...ids, amount.value, amount.currency, eventCode, success].join(':');
  const expected = createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('base64');
  return additionalData.hmacSignature === expected;
}

function itemOf({ raw }: Received): Item {
  const body = JSON.parse(raw) as {
    live: string;
    notificationItems: { NotificationRequestItem: Item }[];
  };
  expect(body.live).toBe('false');
  expect(body.notificationItems).toHaveLength(1);
  return body.notificationItems[0]!.NotificationRequestItem;
}

describe('adyen signatures', () => {
  it('are those of the known vector', () => {
    const item = {
      pspReference: 'PSP_R1',
      originalReference: 'TX1',
      merchantAccountCode: 'M',
      merchantReference: 'ref_001',
      amount: { value: 500, currency: 'USD' },
      eventCode: 'REFUND',
      success: 'true',
      reason: '',
    } as const;
    expect(signatureOf(item, KEY)).toBe('vRdVPQE4hwL5TECxUuW8NXz72/iXnwwNLeDlHu/7GYs=');
  });
});

describe('adyen notifications', () => {
  let sandbox: PrismHarness;
  let receiver: WebhookReceiver;
  let psp: string;
  beforeEach(async () => {
    sandbox = await startPrism();
    receiver = await startReceiver();
    psp = await sandbox.adyenPayment();
  });
  afterEach(async () => {
    await sandbox.close();
    receiver.close();
  });

  const mode = (name: string, extra: Json = {}) =>
    sandbox.control('POST', '/control/webhooks', {
      provider: 'prism',
      mode: name,
      url: receiver.url,
      ...extra,
    });
  const items = async (count: number): Promise<Item[]> => {
    await vi.waitFor(() => expect(receiver.received).toHaveLength(count), { timeout: 5_000 });
    return receiver.received.map(itemOf);
  };

  it('are off until they are switched on', async () => {
    await sandbox.adyenRefund(psp, 100);
    await mode('on');
    await sandbox.adyenRefund(psp, 200);
    expect(await items(1)).toMatchObject([{ amount: { value: 200 } }]);
  });

  it('tell that a refund succeeded, with its references, signed', async () => {
    await mode('on');
    const { body } = await sandbox.adyenRefund(psp, 4_000, { reference: 'ours' });
    const [item] = await items(1);
    expect(item).toMatchObject({
      eventCode: 'REFUND',
      success: 'true',
      pspReference: body['pspReference'],
      originalReference: psp,
      merchantReference: 'ours',
      merchantAccountCode: MERCHANT,
      amount: { value: 4_000, currency: 'EUR' },
      eventDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
    });
    expect(isSigned(item!)).toBe(true);
    expect(receiver.received[0]?.path).toBe('/webhooks/prism-demo');
  });

  it('tell nothing of a pending refund before it ends', async () => {
    await mode('on');
    await sandbox.mode({ refunds: 'pending' });
    const { body } = await sandbox.adyenRefund(psp, 4_000);
    await sandbox.settle({ refundId: body['pspReference'], status: 'failed', reason: 'no_balance' });
    const [item] = await items(1);
    expect(item).toMatchObject({ eventCode: 'REFUND', success: 'false', reason: 'no_balance' });
    expect(isSigned(item!)).toBe(true);
  });

  it.each([
    ['failed', 'REFUND_FAILED'],
    ['reversed', 'REFUNDED_REVERSED'],
  ])('tell that a refund %s after it had succeeded, and its money is back', async (status, eventCode) => {
    const { body } = await sandbox.adyenRefund(psp, 15_000);
    await mode('on');
    await sandbox.settle({ refundId: body['pspReference'], status });
    expect(await items(1)).toMatchObject([{ eventCode, pspReference: body['pspReference'] }]);
    expect((await sandbox.ledger(psp)).refunds).toMatchObject([{ status }]);
    await sandbox.adyenRefund(psp, 15_000);
    expect((await sandbox.ledger(psp)).refunds[1]).toMatchObject({ status: 'succeeded' });
  });

  it('tell what became of a cancel', async () => {
    await mode('on');
    const held = await sandbox.adyenPayment({ status: 'authorized' });
    for (const id of [held, psp]) {
      const body = { merchantAccount: MERCHANT, reference: 'v1' };
      await sandbox.adyen('POST', `/v68/payments/${id}/cancels`, { body });
    }
    const told = (await items(2)).toSorted((a, b) => (a.success < b.success ? 1 : -1));
    expect(told).toMatchObject([
      { eventCode: 'CANCELLATION', success: 'true', originalReference: held, merchantReference: 'v1' },
      { eventCode: 'CANCELLATION', success: 'false', originalReference: psp },
    ]);
    expect(told.every((item) => isSigned(item))).toBe(true);
  });

  it('are lies only in the mode "forge", none of them with a right signature', async () => {
    await mode('forge');
    await sandbox.adyenRefund(psp, 4_000);
    const told = await items(2);
    expect(told.map((item) => isSigned(item))).toEqual([false, false]);
    expect(told.some(({ success }) => success === 'false')).toBe(true);
    expect(told.some(({ amount }) => amount.value !== 4_000)).toBe(true);
  });

  it('are signed with a new key once there is one', async () => {
    const next = 'AB'.repeat(32);
    expect((await mode('on', { secret: 'not hex' })).status).toBe(400);
    await mode('on', { secret: next, account: 'prism-demo' });
    await sandbox.adyenRefund(psp, 4_000);
    const [item] = await items(1);
    expect([isSigned(item!), isSigned(item!, next)]).toEqual([false, true]);
    const { body } = await sandbox.control('GET', '/control/credentials?provider=prism');
    expect((body['prism'] as Json[])[0]).toMatchObject({ account: 'prism-demo', hmacKey: next });
  });

  it('do not exist at checkout', async () => {
    await mode('on');
    const pay = await sandbox.checkoutPayment();
    await sandbox.fault({ operation: 'createRefund', kind: 'pending' });
    const { body } = await sandbox.checkoutRefund(pay, 100);
    await sandbox.settle({ refundId: body['action_id'], status: 'succeeded' });
    await sandbox.adyenRefund(psp, 4_000);
    expect(await items(1)).toMatchObject([{ originalReference: psp }]);
  });
});
