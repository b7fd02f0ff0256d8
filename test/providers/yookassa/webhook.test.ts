import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { YooKassaCredentials } from '../../../src/providers/yookassa/credentials.ts';
import { webhooks } from '../../../src/providers/yookassa/webhook.ts';
import { buildYooKassaDelivery } from '../../../src/testing/yookassa-delivery.ts';
import { accessWith, expectStorable, messageOf, requestOf, verdictOf } from '../webhook-requests.ts';
import { KEY, NOW, payment, PAYMENT_ID, refund, REFUND_ID } from './shop.ts';

const credentials: YooKassaCredentials = { shopId: '100500', secretKey: 'test_key' };
const access = accessWith(credentials, NOW);

const readBody = (body: Buffer | string) =>
  webhooks.read(access, { method: 'POST', query: '', headers: {}, body: Buffer.from(body) });
const told = (event: unknown, object: unknown, more: object = {}): string =>
  JSON.stringify({ type: 'notification', event, object, ...more });
const delivered = async (event: unknown, object: unknown) => messageOf(await readBody(told(event, object)));

test('the example of the documentation is about its refund', async () => {
  const body =
    '{"type": "notification", "event": "refund.succeeded",\n "object": {"id": "32939752-0015-5000-8000-5f4e3d2c1b0a", "payment_id": "32922358-000f-5000-8000-1b2c3d4e5f60",\n   "status": "succeeded", "amount": {"value": "400.00", "currency": "RUB"}, "created_at": "2026-11-21T11:42:10.002Z"}}';
  expect(messageOf(await readBody(body))).toEqual({
    event: 'refund.succeeded',
    deduplicationKey: 'refund.succeeded 32939752-0015-5000-8000-5f4e3d2c1b0a',
    subject: {
      providerRefundId: '32939752-0015-5000-8000-5f4e3d2c1b0a',
      providerPaymentId: PAYMENT_ID,
      ourReference: null,
    },
  });
});

test.each(['payment.waiting_for_capture', 'payment.succeeded', 'payment.canceled'])(
  '%s is about its payment',
  async (event) => {
    expect(await delivered(event, payment())).toEqual({
      event,
      deduplicationKey: `${event} ${PAYMENT_ID}`,
      subject: { providerRefundId: null, providerPaymentId: PAYMENT_ID, ourReference: null },
    });
  },
);

test.each([
  ['our metadata', { metadata: { refund_ref: KEY } }, KEY],
  ['the description', { description: KEY }, KEY],
  ['neither', {}, null],
  ['metadata of others', { metadata: { refund_ref: 'RF-1' } }, null],
  ['metadata that cannot be stored', { metadata: { refund_ref: '\0'.repeat(5_000) } }, null],
  ['metadata of another form', { metadata: [KEY] }, null],
])('our reference is read from %s', async (_name, more, expected) => {
  const { subject } = await delivered('refund.succeeded', refund(more));
  expect(subject.ourReference).toBe(expected);
});

test('a repetition has the same key, another event or object another one', async () => {
  const keys = await Promise.all([
    delivered('refund.succeeded', refund()),
    delivered('refund.succeeded', refund({ amount: { value: '1.00', currency: 'RUB' } })),
    delivered('refund.succeeded', refund({ id: '32937f7e-0015-5000-8000-0a1b2c3d4e60' })),
    delivered('payment.succeeded', payment()),
    delivered('payment.canceled', payment()),
  ]);
  expect(new Set(keys.map(({ deduplicationKey }) => deduplicationKey)).size).toBe(4);
  expect(keys[0]).toEqual(keys[1]);
});

test.each(['payout.succeeded', 'deal.closed', 'payment_method.active', 'refund.canceled', 'toString'])(
  '%s is acknowledged and forgotten',
  async (event) => {
    expect(await readBody(told(event, refund()))).toEqual({
      kind: 'taken',
      messages: [],
      answer: { status: 200, contentType: 'text/plain', body: '' },
    });
  },
);

test.each<[string, string]>([
  ['nothing', ''],
  ['no JSON', 'refund.succeeded'],
  ['a form', 'type=notification&event=refund.succeeded'],
  ['a list', `[${told('refund.succeeded', refund())}]`],
  ['null', 'null'],
  ['another type', told('refund.succeeded', refund(), { type: 'event' })],
  ['no event', told(undefined, refund())],
  ['an event that is no word', told(['refund.succeeded'], refund())],
  ['an endless event', told('refund.'.repeat(1_000), refund())],
  ['no object', told('refund.succeeded', undefined)],
  ['no id', told('refund.succeeded', refund({ id: undefined }))],
  ['an id that leads elsewhere', told('refund.succeeded', refund({ id: '../payments' }))],
  ['an endless id', told('refund.succeeded', refund({ id: 'a'.repeat(65) }))],
  ['a number as id', told('refund.succeeded', refund({ id: 12 }))],
  ['no payment', told('refund.succeeded', refund({ payment_id: undefined }))],
  ['a payment without id', told('payment.succeeded', payment({ id: null }))],
  ['more than JSON', `${told('refund.succeeded', refund())}}`],
])('%s is malformed', async (_name, body) => {
  const reading = await readBody(body);
  expect(verdictOf(reading)).toBe('MALFORMED');
  expect(reading).toMatchObject({ answer: { status: 400 } });
});

test('a delivery for tests is about what it was built for', async () => {
  const common = { paymentId: PAYMENT_ID, amount: { value: '1.00', currency: 'RUB' } };
  const ofRefund = buildYooKassaDelivery({
    event: 'refund.succeeded',
    refundId: REFUND_ID,
    reference: KEY,
    ...common,
  });
  expect(messageOf(await webhooks.read(access, requestOf(ofRefund))).subject).toEqual({
    providerRefundId: REFUND_ID,
    providerPaymentId: PAYMENT_ID,
    ourReference: KEY,
  });
  for (const event of ['payment.waiting_for_capture', 'payment.succeeded', 'payment.canceled'] as const) {
    const { subject } = messageOf(
      await webhooks.read(access, requestOf(buildYooKassaDelivery({ event, ...common }))),
    );
    expect(subject).toEqual({ providerRefundId: null, providerPaymentId: PAYMENT_ID, ourReference: null });
  }
});

property.prop([fc.uint8Array({ maxLength: 2_000 })])('no bytes are too odd', async (bytes) => {
  expect(verdictOf(await readBody(Buffer.from(bytes)))).toMatch(/^(MALFORMED|taken)$/);
});

property.prop([
  fc.constantFrom(...webhooks.events),
  fc.jsonValue(),
  fc.dictionary(fc.string(), fc.jsonValue()),
])('whatever an object holds is malformed or can be stored', async (event, object, more) => {
  expectStorable(await readBody(told(event, object)));
  expectStorable(await readBody(told(event, { ...refund(), ...more })));
  expectStorable(await readBody(told(event, { ...refund(), metadata: more, description: object })));
});

test('a body of the largest size that nests as deep as it can is refused like any other', async () => {
  const depth = 128 * 1_024;
  expect(verdictOf(await readBody('['.repeat(depth) + ']'.repeat(depth)))).toBe('MALFORMED');
  const inside = `{"type":"notification","event":"refund.succeeded","object":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  expect(verdictOf(await readBody(inside))).toBe('MALFORMED');
});
