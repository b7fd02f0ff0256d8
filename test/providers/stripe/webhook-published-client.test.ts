import { fc, test as property } from '@fast-check/vitest';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { webhooks } from '../../../src/providers/stripe/webhook.ts';
import { buildStripeDelivery } from '../../../src/testing/stripe-delivery.ts';
import { accessWith, messageOf, verdictOf } from '../webhook-requests.ts';
import { credentials, NOW, PAYMENT_ID, refund, REFUND_ID } from './account.ts';

const client = new Stripe('sk_test_12345678', { telemetry: false });
const SECRET = 'whsec_SimStripeDemo000000000001';
const NOW_SECOND = NOW.getTime() / 1_000;
const BODY = JSON.stringify({
  id: 'evt_1',
  object: 'event',
  type: 'refund.updated',
  data: { object: refund({ metadata: { memo: 'ключ ✓' } }) },
});

const ours = async (body: string | Buffer, header: string, secret = SECRET) =>
  verdictOf(
    await webhooks.read(accessWith({ ...credentials, webhookSecrets: [secret] }, NOW), {
      method: 'POST',
      query: '',
      headers: { 'stripe-signature': header },
      body: Buffer.from(body),
    }),
  );

/** What npm stripe makes of the same delivery. */
function theirs(body: string | Buffer, header: string, secret = SECRET): 'taken' | 'FORGED' | 'STALE' {
  try {
    client.webhooks.constructEvent(body, header, secret, undefined, undefined, NOW.getTime());
    return 'taken';
  } catch (error) {
    return String(error).includes('tolerance zone') ? 'STALE' : 'FORGED';
  }
}

const theirHeader = (more: object = {}): string =>
  client.webhooks.generateTestHeaderString({ payload: BODY, secret: SECRET, timestamp: NOW_SECOND, ...more });

describe('npm stripe and this receiver agree', () => {
  test('on what the client signs', async () => {
    expect(theirs(BODY, theirHeader())).toBe('taken');
    expect(await ours(BODY, theirHeader())).toBe('taken');
    expect(await ours(Buffer.from(BODY), theirHeader())).toBe('taken');
  });

  test('on what the delivery for tests is', async () => {
    const { body, headers } = buildStripeDelivery({
      type: 'refund.failed',
      secret: ['whsec_next', SECRET],
      refundId: REFUND_ID,
      paymentId: PAYMENT_ID,
      at: NOW,
    });
    const header = headers['stripe-signature']!;
    expect(
      client.webhooks.constructEvent(body, header, SECRET, undefined, undefined, NOW.getTime()),
    ).toMatchObject({
      type: 'refund.failed',
      data: { object: { id: REFUND_ID, status: 'failed' } },
    });
    for (const secret of [SECRET, 'whsec_next']) expect(await ours(body, header, secret)).toBe('taken');
  });

  test.each<[string, string, string]>([
    ['another secret', BODY, theirHeader({ secret: 'whsec_other' })],
    ['another payload', BODY, theirHeader({ payload: `${BODY} ` })],
    ['another scheme', BODY, theirHeader({ scheme: 'v0' })],
    ['upper case', BODY, theirHeader().replace(/v1=.*/, (text) => text.toUpperCase().replace('V1', 'v1'))],
    ['a later good signature', BODY, theirHeader().replace('v1=', `v1=${'0'.repeat(64)},v1=`)],
    ['a good signature and a bad one', BODY, `${theirHeader()},v1=${'0'.repeat(64)}`],
    ['the limit of age', BODY, theirHeader({ timestamp: NOW_SECOND - 300 })],
    ['beyond the limit', BODY, theirHeader({ timestamp: NOW_SECOND - 301 })],
    ['old and forged', BODY, theirHeader({ timestamp: NOW_SECOND - 301, secret: 'whsec_other' })],
    ['no header', BODY, ''],
    ['no time', BODY, theirHeader().replace(/^t=\d+,/, '')],
  ])('on %s', async (_name, body, header) => {
    expect(await ours(body, header)).toBe(theirs(body, header));
  });

  property.prop([
    fc.string({ minLength: 1 }),
    fc.string({ minLength: 1 }),
    fc.integer({ min: 1, max: 2_000_000_000 }),
  ])('on the signature of any text', async (payload, tail, second) => {
    const secret = `whsec_${tail}`;
    const header = client.webhooks.generateTestHeaderString({ payload, secret, timestamp: second });
    expect(await ours(payload, header, secret)).not.toBe('FORGED');
    expect(await ours(`${payload}!`, header, secret)).toBe('FORGED');
  });

  test('but for a time that is to come: the client takes any, the receiver none beyond the tolerance', async () => {
    const header = theirHeader({ timestamp: NOW_SECOND + 301 });
    expect(theirs(BODY, header)).toBe('taken');
    expect(await ours(BODY, header)).toBe('STALE');
  });
});

test('the client reads the delivery that was taken', async () => {
  const reading = await webhooks.read(accessWith({ ...credentials, webhookSecrets: [SECRET] }, NOW), {
    method: 'POST',
    query: '',
    headers: { 'stripe-signature': theirHeader() },
    body: Buffer.from(BODY),
  });
  const event = client.webhooks.constructEvent(
    BODY,
    theirHeader(),
    SECRET,
    undefined,
    undefined,
    NOW.getTime(),
  );
  expect(messageOf(reading)).toMatchObject({ event: event.type, deduplicationKey: event.id });
});
