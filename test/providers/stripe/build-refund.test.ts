import Stripe from 'stripe';
import { fc, test as property } from '@fast-check/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { refundReasons } from '../../../src/vocabulary.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { RefundOrder } from '../../../src/providers/provider.ts';
import { startScriptedProvider } from '../../support/scripted-provider.ts';
import { KEY, order, PAYMENT_ID, refund } from './account.ts';

const fieldsOf = (body: string | null): [string, string][] => [...new URLSearchParams(body ?? '')];

test('the bytes of an order', () => {
  const metadata = { note: 'ä & b=c', 'a b': '1+1' };
  expect(stripe.buildRefund({ ...order, reason: 'DUPLICATE', metadata })).toEqual({
    method: 'POST',
    path: '/refunds',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Stripe-Version': '2026-10-28.endive',
      'Idempotency-Key': KEY,
    },
    body:
      `payment_intent=${PAYMENT_ID}&amount=40000&reason=duplicate&metadata%5Border_id%5D=${KEY}` +
      '&metadata%5Ba+b%5D=1%2B1&metadata%5Bnote%5D=%C3%A4+%26+b%3Dc',
  });
});

test('the version is that of the published client whose types are read, and it is part of the wire version', () => {
  expect(stripe.buildRefund(order).headers['Stripe-Version']).toBe(Stripe.API_VERSION);
  expect(stripe.wireVersion).toContain(Stripe.API_VERSION);
});

test('the published client sends the same fields', async () => {
  const provider = await startScriptedProvider(() => ({ body: refund() }));
  onTestFinished(() => provider.close());
  const { hostname, port } = new URL(provider.url);
  const client = new Stripe('sk_test_x', { host: hostname, port, protocol: 'http', telemetry: false });
  await client.refunds.create(
    {
      payment_intent: PAYMENT_ID,
      amount: 40_000,
      reason: 'fraudulent',
      metadata: { order_id: KEY, note: 'ä & b=c' },
    },
    { idempotencyKey: KEY },
  );
  const ours = stripe.buildRefund({ ...order, reason: 'FRAUDULENT', metadata: { note: 'ä & b=c' } });
  const [theirs] = provider.requests;
  expect(fieldsOf(theirs?.body ?? '')).toEqual(fieldsOf(ours.body));
  expect(theirs).toMatchObject({ method: ours.method, path: `/v1${ours.path}` });
  for (const [name, value] of Object.entries(ours.headers))
    expect(theirs?.headers[name.toLowerCase()]).toBe(value);
});

test.each(refundReasons)('the reason %s is passed on where Stripe has it', (reason) => {
  const theirs = {
    DUPLICATE: 'duplicate',
    FRAUDULENT: 'fraudulent',
    REQUESTED_BY_CUSTOMER: 'requested_by_customer',
  };
  const sent = new URLSearchParams(stripe.buildRefund({ ...order, reason }).body ?? '').get('reason');
  expect(sent).toBe(new Map(Object.entries(theirs)).get(reason) ?? null);
});

const metadataOf = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.string({ minLength: 1, maxLength: 60 }),
  {
    maxKeys: 12,
  },
);

property.prop([metadataOf, fc.bigInt({ min: 1n, max: 10n ** 12n })])(
  'whatever is sent reads back as the order, in the same bytes for any order of its metadata',
  (metadata, minor) => {
    const wanted: RefundOrder = { ...order, metadata, amount: { minor, currency: 'EUR' } };
    fc.pre(stripe.checkRefund(wanted).length === 0);
    const { body } = stripe.buildRefund(wanted);
    const reversed = Object.fromEntries(Object.entries(metadata).toReversed());
    expect(stripe.buildRefund({ ...wanted, metadata: reversed }).body).toBe(body);
    const [intent, amount, reference, ...rest] = fieldsOf(body);
    expect([intent, amount, reference]).toEqual([
      ['payment_intent', PAYMENT_ID],
      ['amount', minor.toString()],
      ['metadata[order_id]', KEY],
    ]);
    expect(new Map(rest)).toEqual(
      new Map(Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, value])),
    );
  },
);

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

test('49 entries of the largest size are taken', () => {
  const metadata = { ...many(48), ['k'.repeat(40)]: 'v'.repeat(500) };
  expect(stripe.checkRefund({ ...order, metadata })).toEqual([]);
  expect(fieldsOf(stripe.buildRefund({ ...order, metadata }).body)).toHaveLength(2 + 50);
});

test.each<[string, Partial<RefundOrder>, string]>([
  ['a charge', { providerPaymentId: 'ch_3SimPayment000000000001' }, 'providerPaymentId'],
  ['a path', { providerPaymentId: 'pi_1/../../charges' }, 'providerPaymentId'],
  ['a query', { providerPaymentId: 'pi_1?x=1' }, 'providerPaymentId'],
  ['a line break', { providerPaymentId: 'pi_1\n' }, 'providerPaymentId'],
  ['nothing', { amount: { minor: 0n, currency: 'EUR' } }, 'amount'],
  ['less than nothing', { amount: { minor: -1n, currency: 'EUR' } }, 'amount'],
  ['a currency without published decimals', { amount: { minor: 1000n, currency: 'IQD' } }, 'amount'],
  ['our own entry', { metadata: { order_id: 'x' } }, 'metadata.order_id'],
  ['50 entries', { metadata: many(50) }, 'metadata'],
  ['a long key', { metadata: { ['k'.repeat(41)]: 'v' } }, `metadata.${'k'.repeat(41)}`],
  ['a long value', { metadata: { k: 'v'.repeat(501) } }, 'metadata.k'],
  ['a bracket in a key', { metadata: { 'a[b': 'v' } }, 'metadata.a[b'],
  ['an empty value, which Stripe would drop', { metadata: { k: '' } }, 'metadata.k'],
  ['an empty key', { metadata: { '': 'v' } }, 'metadata.'],
  ['a speed', { speed: 'OPTIMUM' }, 'speed'],
  ['a seller', { sources: [{ seller: 's', amountMinor: 1n, platformFeeMinor: null }] }, 'sources'],
  ['an item', { items: [{ item: 'i', quantityHundredths: 100n, amountMinor: 1n }] }, 'amount.items'],
  [
    'a receipt',
    {
      receipt: {
        customer: { fullName: null, inn: null, email: 'a@b.example', phone: null },
        items: [],
        taxSystemCode: null,
      },
    },
    'receipt',
  ],
])('%s is refused beforehand, at its place', (_name, more, place) => {
  const wanted = { ...order, ...more };
  expect(stripe.checkRefund(wanted).map(({ path }) => path.join('.'))).toEqual([place]);
  expect(() => stripe.buildRefund(wanted)).toThrow(RangeError);
});
