import { createHmac } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import Razorpay from 'razorpay';
import { describe, expect, test } from 'vitest';
import type { RazorpayCredentials } from '../../../src/providers/razorpay/credentials.ts';
import { webhooks } from '../../../src/providers/razorpay/webhook.ts';
import { buildRazorpayDelivery, type RazorpayDelivery } from '../../../src/testing/razorpay-delivery.ts';
import {
  accessWith,
  expectStorable,
  messageOf,
  requestOf,
  verdictOf,
  withOneBitFlipped,
} from '../webhook-requests.ts';
import {
  KEY,
  merchant,
  NOW,
  OTHER_PAYMENT_ID,
  partner,
  payment,
  PAYMENT_ID,
  refund,
  REFUND_ID,
} from './account.ts';

const SECRET = 'whsec-curlec-test-1';
const ACCOUNT = 'acc_SimSub00000001';
const sign = (body: string | Buffer, secret = SECRET): string =>
  createHmac('sha256', secret).update(body).digest('hex');

const read = (
  body: string | Buffer,
  signature: string | undefined,
  { secrets = [SECRET] as string[] | null, of = partner as RazorpayCredentials, eventId = 'event-1' } = {},
) =>
  webhooks.read(accessWith({ ...of, webhookSecrets: secrets ?? undefined }, NOW), {
    method: 'POST',
    query: '',
    headers: { 'x-razorpay-signature': signature, 'x-razorpay-event-id': eventId },
    body: Buffer.from(body),
  });
const readSigned = (body: string | Buffer, more: Parameters<typeof read>[2] = {}) =>
  read(body, sign(body), more);

const event = (name: string, payload: unknown, more: object = {}): string =>
  JSON.stringify({
    entity: 'event',
    account_id: ACCOUNT,
    event: name,
    contains: [],
    payload,
    created_at: 1795305660,
    ...more,
  });
const ofRefund = (more: object = {}, paid: object = {}) => ({
  refund: { entity: refund(more) },
  payment: { entity: payment(paid) },
});

/** 743 bytes, as the documentation's example of a body. */
const LINE =
  '{"entity":"event","account_id":"acc_SimSub00000001","event":"refund.processed","contains":["refund","payment"],"payload":{"refund":{"entity":{"id":"rfnd_SimRefund00001","entity":"refund","amount":50000,"currency":"MYR","payment_id":"pay_SimPayment0001","notes":[],"receipt":"rf-2026-000017","acquirer_data":{"arn":null},"created_at":1795305600,"batch_id":null,"status":"processed","speed_processed":"normal","speed_requested":"normal"}},"payment":{"entity":{"id":"pay_SimPayment0001","entity":"payment","amount":150000,"currency":"MYR","base_amount":150000,"status":"captured","order_id":"order_SimOrder000001","method":"fpx","amount_refunded":50000,"refund_status":"partial","captured":true,"created_at":1795219200}}},"created_at":1795305660}';
const LINE_SIGNATURE = 'e15df148d263599e7e725b051d4c67ccdc1d55ef76b0bb6fd93ba395289b2dab';

describe('known vectors', () => {
  test('the line of 743 bytes is taken', async () => {
    expect(Buffer.byteLength(LINE)).toBe(743);
    expect(messageOf(await read(LINE, LINE_SIGNATURE))).toEqual({
      event: 'refund.processed',
      deduplicationKey: 'refund.processed rfnd_SimRefund00001 event-1',
      subject: {
        providerRefundId: 'rfnd_SimRefund00001',
        providerPaymentId: 'pay_SimPayment0001',
        ourReference: null,
      },
    });
  });

  // The last one is of razorpay-node, test/utils/razorpay-utils.spec.js.
  test.each([
    [SECRET, '{"note":"ключ ✓"}', 'aa43f5a736bd15ce95f02548852ef52cfe54d447bec61a11600e66e7ee74d727'],
    [
      '123456',
      '{"a":1,"b":2,"c":{"d":3}}',
      '2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc',
    ],
  ])('with the secret %s, %s is signed, and no event', async (secret, body, signature) => {
    expect(verdictOf(await read(body, signature, { secrets: [secret] }))).toBe('MALFORMED');
    expect(verdictOf(await read(body, signature, { secrets: ['another'] }))).toBe('FORGED');
  });
});

describe('npm razorpay agrees', () => {
  const bodies = [LINE, '{"note":"ключ ✓"}', '{"emoji":"\u{1F4B8}","quote":"\\u2028"}', ''];
  const secrets = [SECRET, '123456', 'ключ ✓', 'with a space'];

  test.each(bodies.flatMap((body) => secrets.map((secret) => [secret, body])))(
    'with the secret %s on %s',
    async (secret, body) => {
      const signature = sign(body, secret);
      expect(Razorpay.validateWebhookSignature(body, signature, secret)).toBe(true);
      expect(verdictOf(await read(body, signature, { secrets: [secret] }))).not.toBe('FORGED');
      for (const wrong of [sign(`${body} `, secret), sign(body, `${secret}!`), signature.toUpperCase(), '']) {
        expect(Razorpay.validateWebhookSignature(body, wrong, secret)).toBe(false);
        expect(verdictOf(await read(body, wrong, { secrets: [secret] }))).toBe('FORGED');
      }
    },
  );
});

describe('what is not signed is refused', () => {
  test.each<[string, string | undefined]>([
    ['no signature', undefined],
    ['an empty one', ''],
    ['that of another body', sign(`${LINE}\n`)],
    ['that of another secret', sign(LINE, 'another')],
    ['that of the secret of the API', sign(LINE, 's3cr3t-Part/ner')],
    ['upper case', LINE_SIGNATURE.toUpperCase()],
    ['base64', Buffer.from(LINE_SIGNATURE, 'hex').toString('base64')],
    ['a prefix', `sha256=${LINE_SIGNATURE}`],
    ['white space', ` ${LINE_SIGNATURE}`],
    ['two of them', `${LINE_SIGNATURE}, ${LINE_SIGNATURE}`],
    ['an endless one', LINE_SIGNATURE.repeat(1_000)],
  ])('%s', async (_name, signature) => {
    const reading = await read(LINE, signature);
    expect(reading).toMatchObject({ kind: 'refused', reason: 'FORGED', answer: { status: 401 } });
  });

  test('without a secret of its own an account takes nothing', async () => {
    expect(verdictOf(await read(LINE, LINE_SIGNATURE, { secrets: null }))).toBe('NOT_CONFIGURED');
    expect(verdictOf(await read(LINE, sign(LINE, ''), { secrets: null }))).toBe('NOT_CONFIGURED');
  });

  test('a body with any bit flipped', async () => {
    let tried = 0;
    for (const body of withOneBitFlipped(Buffer.from(LINE))) {
      expect(verdictOf(await read(body, LINE_SIGNATURE))).toBe('FORGED');
      tried += 1;
    }
    expect(tried).toBe(743 * 8);
  });

  test('a signature with any bit flipped', async () => {
    for (const signature of withOneBitFlipped(Buffer.from(LINE_SIGNATURE)))
      expect(verdictOf(await read(LINE, signature.toString('latin1')))).toBe('FORGED');
  });

  test('the same JSON, written in another way', async () => {
    for (const body of [`\uFEFF${LINE}`, JSON.stringify(JSON.parse(LINE), null, 1), `${LINE}\n`])
      expect(verdictOf(await read(body, LINE_SIGNATURE))).toBe('FORGED');
  });
});

test('while secrets change, old and new deliveries are taken', async () => {
  const secrets = ['new', SECRET];
  messageOf(await read(LINE, sign(LINE, 'new'), { secrets }));
  messageOf(await read(LINE, LINE_SIGNATURE, { secrets }));
  expect(verdictOf(await read(LINE, LINE_SIGNATURE, { secrets: ['new'] }))).toBe('FORGED');
});

describe('what a delivery is about', () => {
  test.each(['refund.created', 'refund.processed', 'refund.failed'])('%s: a refund', async (name) => {
    const { subject } = messageOf(await readSigned(event(name, ofRefund({ receipt: KEY }))));
    expect(subject).toEqual({
      providerRefundId: REFUND_ID,
      providerPaymentId: PAYMENT_ID,
      ourReference: KEY,
    });
  });

  test.each(['payment.authorized', 'payment.captured', 'payment.failed'])('%s: a payment', async (name) => {
    const { subject } = messageOf(await readSigned(event(name, { payment: { entity: payment() } })));
    expect(subject).toEqual({ providerRefundId: null, providerPaymentId: PAYMENT_ID, ourReference: null });
  });

  test('refund.speed_changed: a refund, though its time and batch are missing', async () => {
    const { batch_id: _, created_at: _at, ...entity } = refund() as Record<string, unknown>;
    const body = event(
      'refund.speed_changed',
      { refund: { entity }, created_at: 1795305660 },
      { created_at: undefined },
    );
    expect(messageOf(await readSigned(body)).subject.providerRefundId).toBe(REFUND_ID);
  });

  test('the return of a payment that was never captured: that payment, and no refund', async () => {
    const payload = ofRefund({ receipt: null }, { captured: false, status: 'refunded' });
    for (const name of ['refund.created', 'refund.processed']) {
      const { subject } = messageOf(await readSigned(event(name, payload)));
      expect(subject).toEqual({ providerRefundId: null, providerPaymentId: PAYMENT_ID, ourReference: null });
    }
  });

  test.each([
    ['its note', { receipt: 'their-own', notes: { refund_id: KEY } }, KEY],
    ['a receipt of others', { receipt: 'their-own' }, null],
    ['no receipt', { receipt: null }, null],
    ['a receipt that cannot be stored', { receipt: '\0'.repeat(1_000) }, null],
  ])('our reference in %s', async (_name, more, expected) => {
    const { subject } = messageOf(await readSigned(event('refund.processed', ofRefund(more))));
    expect(subject.ourReference).toBe(expected);
  });

  test.each(['refund.arn_updated', 'payment.dispute.created', 'order.paid', 'toString'])(
    '%s: nothing, and it is acknowledged',
    async (name) => {
      expect(await readSigned(event(name, ofRefund()))).toMatchObject({
        kind: 'taken',
        messages: [],
        answer: { status: 200 },
      });
    },
  );
});

describe('whose delivery it is', () => {
  test('that of another account of the same partner is foreign', async () => {
    const body = event('refund.processed', ofRefund(), { account_id: 'acc_SimSub00000002' });
    expect(await readSigned(body)).toMatchObject({ reason: 'FOREIGN', answer: { status: 401 } });
    const unknownEvent = event('order.paid', {}, { account_id: 'acc_SimSub00000002' });
    expect(verdictOf(await readSigned(unknownEvent))).toBe('FOREIGN');
  });

  test("a merchant's own secret says it: its credentials have no id of the account", async () => {
    messageOf(await readSigned(event('refund.processed', ofRefund()), { of: merchant }));
    expect(verdictOf(await read(LINE, sign(LINE, 'another'), { of: merchant }))).toBe('FORGED');
  });
});

describe('repetitions', () => {
  const keyOf = async (body: string, eventId: string) =>
    messageOf(await readSigned(body, { eventId })).deduplicationKey;
  const processed = event('refund.processed', ofRefund());

  test('are known by the id of the event', async () => {
    expect(await keyOf(processed, 'event-1')).toBe(await keyOf(processed, 'event-1'));
    expect(await keyOf(processed, 'event-2')).not.toBe(await keyOf(processed, 'event-1'));
  });

  test('cannot be claimed by an id that was put on another event, which no signature covers', async () => {
    const others = [
      event('refund.created', ofRefund()),
      event('refund.processed', ofRefund({ id: 'rfnd_SimRefund00002' })),
      event('payment.captured', { payment: { entity: payment() } }),
      event('payment.captured', { payment: { entity: payment({ id: OTHER_PAYMENT_ID }) } }),
    ];
    const keys = await Promise.all([processed, ...others].map((body) => keyOf(body, 'event-1')));
    expect(new Set(keys).size).toBe(5);
  });

  test.each([
    ['missing', ''],
    ['of many lines', 'a\nb'],
    ['not ASCII', 'ключ'],
    ['endless', 'a'.repeat(101)],
  ])('without a good id (%s) are known by their bytes', async (_name, eventId) => {
    const other = event('refund.processed', ofRefund(), { created_at: 1795305661 });
    expect(await keyOf(processed, eventId)).toMatch(/^refund\.processed rfnd_SimRefund00001 [0-9a-f]{64}$/);
    expect(await keyOf(processed, eventId)).toBe(await keyOf(processed, eventId));
    expect(await keyOf(other, eventId)).not.toBe(await keyOf(processed, eventId));
  });
});

test.each<[string, string]>([
  ['nothing', ''],
  ['no JSON', 'event=refund.processed'],
  ['no account', event('refund.processed', ofRefund(), { account_id: undefined })],
  ['another entity', event('refund.processed', ofRefund(), { entity: 'refund' })],
  ['no event', event('refund.processed', ofRefund(), { event: null })],
  ['no payload', event('refund.processed', undefined)],
  ['no refund', event('refund.processed', { payment: { entity: payment() } })],
  ['a refund of another form', event('refund.processed', ofRefund({ id: '../payments/pay_1' }))],
  ['a refund without a payment', event('refund.processed', ofRefund({ payment_id: undefined }))],
  ['a payment of another form', event('payment.captured', { payment: { entity: { id: 12 } } })],
])(
  'signed, and %s: told as malformed, and acknowledged, since webhooks that fail are ended there',
  async (_name, body) => {
    expect(await readSigned(body)).toMatchObject({
      kind: 'refused',
      reason: 'MALFORMED',
      answer: { status: 200 },
    });
  },
);

describe('a delivery for tests', () => {
  const told = { account: ACCOUNT, secret: SECRET, paymentId: PAYMENT_ID };
  const all: RazorpayDelivery[] = [
    ...(['refund.created', 'refund.processed', 'refund.failed', 'refund.speed_changed'] as const).map(
      (name) => ({ ...told, event: name, refundId: REFUND_ID, receipt: KEY, eventId: 'event-7' }),
    ),
    ...(['payment.authorized', 'payment.captured', 'payment.failed'] as const).map((name) => ({
      ...told,
      event: name,
      eventId: 'event-7',
    })),
  ];
  const access = accessWith({ ...partner, webhookSecrets: [SECRET] }, NOW);

  test.each(all)('is about what it was built for: $event', async (built) => {
    const delivery = buildRazorpayDelivery(built);
    expect(
      Razorpay.validateWebhookSignature(delivery.body, delivery.headers['x-razorpay-signature']!, SECRET),
    ).toBe(true);
    const isOfRefund = 'refundId' in built;
    expect(messageOf(await webhooks.read(access, requestOf(delivery)))).toEqual({
      event: built.event,
      deduplicationKey: `${built.event} ${isOfRefund ? REFUND_ID : PAYMENT_ID} event-7`,
      subject: {
        providerRefundId: isOfRefund ? REFUND_ID : null,
        providerPaymentId: PAYMENT_ID,
        ourReference: isOfRefund ? KEY : null,
      },
    });
  });

  test('can be of a payment that was never captured, of another account, or of another secret', async () => {
    const read7 = (more: Partial<RazorpayDelivery>) =>
      webhooks.read(access, requestOf(buildRazorpayDelivery({ ...all[1]!, ...more } as RazorpayDelivery)));
    expect(messageOf(await read7({ captured: false })).subject.providerRefundId).toBeNull();
    expect(verdictOf(await read7({ account: 'acc_SimSub00000002' }))).toBe('FOREIGN');
    expect(verdictOf(await read7({ secret: 'another' }))).toBe('FORGED');
  });
});

describe('nothing is thrown', () => {
  property.prop([
    fc.uint8Array({ maxLength: 2_000 }),
    fc.option(fc.string(), { nil: undefined }),
    fc.string(),
  ])('for any bytes and headers, signed or not', async (bytes, signature, eventId) => {
    const body = Buffer.from(bytes);
    expect(verdictOf(await read(body, signature, { eventId }))).toBe('FORGED');
    expect(verdictOf(await readSigned(body, { eventId }))).toBe('MALFORMED');
  });

  property.prop([
    fc.constantFrom(...webhooks.events),
    fc.jsonValue(),
    fc.dictionary(fc.string(), fc.jsonValue()),
    fc.string(),
  ])('and what is taken can be stored', async (name, value, more, eventId) => {
    for (const payload of [
      value,
      ofRefund(more, more),
      ofRefund({ notes: value, receipt: value }),
      { ...ofRefund(), ...more },
    ])
      expectStorable(await readSigned(event(name, payload), { eventId }));
    expectStorable(await readSigned(event(name, ofRefund(), more), { eventId }));
  });

  test('for a signed body that nests as deep as it can', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(verdictOf(await readSigned(deep))).toBe('MALFORMED');
    expect(verdictOf(await readSigned(event('refund.processed', 'DEEP').replace('"DEEP"', deep)))).toBe(
      'MALFORMED',
    );
  });
});
