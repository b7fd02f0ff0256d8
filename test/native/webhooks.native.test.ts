import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventOf } from './halves.ts';
import { type Fields, types } from './prism.ts';

const POST = types['HttpMethod']!['HTTP_METHOD_POST'];
const SIGNED_AT = 1_700_000_000; // years ago

function handle(connector: string, body: unknown, secret: string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return eventOf(connector, {
    merchantEventId: 'e1',
    webhookSecrets: { secret },
    requestDetails: { method: POST, uri: '/hook', headers, body: Buffer.from(text) },
  });
}

/** The refund or the payment that an event is about, by the library. */
function contentOf(event: Fields, kind: 'refundsResponse' | 'paymentsResponse'): Fields {
  return ((event['eventContent'] as Fields)[kind] ?? {}) as Fields;
}

describe('traps 7 and 8: webhooks of Stripe', () => {
  const SECRET = 'whsec_test';
  const signature = (body: string, secret = SECRET): string =>
    createHmac('sha256', secret).update(`${SIGNED_AT}.${body}`).digest('hex');
  const eventText = (type: string, status: string): string =>
    JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type,
      created: SIGNED_AT,
      data: {
        object: {
          id: 're_1',
          object: 'refund',
          amount: 500,
          currency: 'eur',
          created: SIGNED_AT,
          payment_intent: 'pi_1',
          status,
          metadata: { order_id: 'ref_001' },
        },
      },
    });
  const BODY = eventText('charge.refund.updated', 'succeeded');
  const verified = (header: string): boolean =>
    Boolean(handle('stripe', BODY, SECRET, { 'stripe-signature': header })['sourceVerified']);

  it('are signed as the known vector', () => {
    expect(signature('{"id":"evt_1","object":"event"}')).toBe(
      '4c15fb2a43f93ef61eaa3e0893866d57cad9cad4223242cfb96f362480cb4021',
    );
  });

  it('with a wrong signature or none do not throw: they are only not verified', () => {
    expect(verified(`t=${SIGNED_AT},v1=${signature(BODY, 'other')}`)).toBe(false);
    expect(Boolean(handle('stripe', BODY, SECRET)['sourceVerified'])).toBe(false);
    expect(contentOf(handle('stripe', BODY, SECRET), 'refundsResponse')['status']).toBe(4);
  });

  it('are verified however old they are', () => {
    expect(verified(`t=${SIGNED_AT},v1=${signature(BODY)}`)).toBe(true);
  });

  it('are verified by the last of several signatures alone', () => {
    const [good, bad] = [`v1=${signature(BODY)}`, `v1=${signature(BODY, 'other')}`];
    expect(verified(`t=${SIGNED_AT},${bad},${good}`)).toBe(true);
    expect(verified(`t=${SIGNED_AT},${good},${bad}`)).toBe(false);
  });

  it.each([
    ['succeeded', 4],
    ['failed', 1],
  ])('charge.refund.updated, %s, is a refund', (status, mapped) => {
    const event = handle('stripe', eventText('charge.refund.updated', status), SECRET);
    expect(contentOf(event, 'refundsResponse')).toMatchObject({ connectorRefundId: 're_1', status: mapped });
  });

  it.each([
    ['refund.created', 'succeeded', 'CHARGED'],
    ['refund.updated', 'succeeded', 'CHARGED'],
    ['refund.failed', 'failed', 'FAILURE'],
  ])('%s comes back as a payment with the id of the refund', (type, status, word) => {
    const event = handle('stripe', eventText(type, status), SECRET);
    expect(contentOf(event, 'paymentsResponse')).toMatchObject({
      connectorTransactionId: 're_1',
      status: types['PaymentStatus']![word],
    });
  });
});

describe('notifications of adyen', () => {
  const KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';
  const ITEM = {
    pspReference: 'PSP_R1',
    originalReference: 'TX1',
    merchantAccountCode: 'M',
    merchantReference: 'ref_001',
    amount: { value: 500, currency: 'USD' },
    eventCode: 'REFUND',
    success: 'true',
    reason: '',
  };
  const signed = (item: typeof ITEM): Fields => {
    const ids = [item.pspReference, item.originalReference, item.merchantAccountCode, item.merchantReference];
    const { amount, eventCode, success } = item;
    const text = [...ids, amount.value, amount.currency, eventCode, success].join(':');
    const hmacSignature = createHmac('sha256', Buffer.from(KEY, 'hex')).update(text).digest('base64');
    return { ...item, additionalData: { hmacSignature } };
  };
  const notify = (...items: Fields[]): Fields => {
    const notificationItems = items.map((NotificationRequestItem) => ({ NotificationRequestItem }));
    return handle('adyen', { live: 'false', notificationItems }, KEY);
  };

  it('are verified by the known vector', () => {
    const item = signed(ITEM);
    expect(item['additionalData']).toEqual({ hmacSignature: 'vRdVPQE4hwL5TECxUuW8NXz72/iXnwwNLeDlHu/7GYs=' });
    expect(notify(item)['sourceVerified']).toBe(true);
  });

  it.each([
    ['true', 4],
    ['false', 1],
  ])('REFUND, success %s, has the event type of success, and the truth in its status', (success, status) => {
    const event = notify(signed({ ...ITEM, success }));
    expect(event['eventType']).toBe(types['WebhookEventType']!['WEBHOOK_REFUND_SUCCESS']);
    expect(contentOf(event, 'refundsResponse')['status']).toBe(status);
  });

  it('say nothing about the merchant’s reference, the amount or the payment', () => {
    const refund = contentOf(notify(signed(ITEM)), 'refundsResponse');
    expect(refund).toMatchObject({ connectorRefundId: 'PSP_R1', merchantRefundId: 'PSP_R1' });
    expect(JSON.stringify(refund)).not.toMatch(/ref_001|TX1|500/);
  });

  it('with another amount than the signed one are not verified, and do not throw', () => {
    const event = notify({ ...signed(ITEM), amount: { value: 99_999, currency: 'USD' } });
    expect(Boolean(event['sourceVerified'])).toBe(false);
    expect(contentOf(event, 'refundsResponse')['status']).toBe(4);
  });

  it('are read up to the first item only', () => {
    const forged = { ...signed(ITEM), pspReference: 'PSP_R2' };
    const event = notify(signed(ITEM), forged);
    expect(event['sourceVerified']).toBe(true);
    expect(contentOf(event, 'refundsResponse')['connectorRefundId']).toBe('PSP_R1');
  });

  it('REFUND_FAILED is a failure; REFUNDED_REVERSED throws', () => {
    const failed = notify(signed({ ...ITEM, eventCode: 'REFUND_FAILED' }));
    expect(contentOf(failed, 'refundsResponse')['status']).toBe(1);
    expect(() => notify(signed({ ...ITEM, eventCode: 'REFUNDED_REVERSED' }))).toThrow(
      expect.objectContaining({ errorCode: 'WEBHOOK_PROCESSING_FAILED' }),
    );
  });

  it.each([
    ['true', 'VOIDED'],
    ['false', 'AUTHORIZED'],
  ])('CANCELLATION, success %s, is about a payment with the reference of the cancel', (success, word) => {
    const event = notify(signed({ ...ITEM, eventCode: 'CANCELLATION', success }));
    expect(contentOf(event, 'paymentsResponse')).toMatchObject({
      connectorTransactionId: 'PSP_R1',
      status: types['PaymentStatus']![word],
    });
  });
});

describe('webhooks of checkout', () => {
  it('are not implemented', () => {
    expect(() => handle('checkout', { id: 'evt_1', type: 'payment_refunded', data: {} }, 'secret')).toThrow(
      expect.objectContaining({ errorCode: 'WEBHOOKS_NOT_IMPLEMENTED' }),
    );
  });
});
