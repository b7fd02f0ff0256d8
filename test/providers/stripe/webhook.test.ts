import { createHmac } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { webhooks } from '../../../src/providers/stripe/webhook.ts';
import { buildStripeDelivery, type StripeDelivery } from '../../../src/testing/stripe-delivery.ts';
import {
  accessWith,
  expectStorable,
  messageOf,
  requestOf,
  verdictOf,
  withOneBitFlipped,
} from '../webhook-requests.ts';
import { charge, credentials, KEY, NOW, PAYMENT_ID, refund, REFUND_ID } from './account.ts';

const SECRET = 'whsec_SimStripeDemo000000000001';
const NOW_SECOND = NOW.getTime() / 1_000;
const sign = (body: string | Buffer, second: number | string = NOW_SECOND, secret = SECRET): string =>
  createHmac('sha256', secret).update(`${second}.`).update(body).digest('hex');
const header = (body: string | Buffer, second: number | string = NOW_SECOND, secret = SECRET): string =>
  `t=${second},v1=${sign(body, second, secret)}`;

const read = (
  body: string | Buffer,
  signature: string | undefined,
  { secrets = [SECRET] as string[] | null, now = NOW } = {},
) =>
  webhooks.read(accessWith({ ...credentials, webhookSecrets: secrets ?? undefined }, now), {
    method: 'POST',
    query: '',
    headers: { 'stripe-signature': signature },
    body: Buffer.from(body),
  });
const readSigned = (body: string | Buffer) => read(body, header(body));

const event = (type: unknown, object: unknown, more: object = {}): string =>
  JSON.stringify({
    id: 'evt_3SimEvent000000000001',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: NOW_SECOND,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    ...more,
  });
const BODY = event('refund.updated', refund());

test('the known vector is signed, and no event of ours', async () => {
  const body = '{"id":"evt_1","object":"event"}';
  const signature = 't=1700000000,v1=4c15fb2a43f93ef61eaa3e0893866d57cad9cad4223242cfb96f362480cb4021';
  const at = { secrets: ['whsec_test'], now: new Date(1_700_000_000_000) };
  expect(verdictOf(await read(body, signature, at))).toBe('MALFORMED');
  expect(verdictOf(await read(body, signature, { ...at, secrets: ['whsec_other'] }))).toBe('FORGED');
  expect(verdictOf(await read(body, signature, { ...at, now: NOW }))).toBe('STALE');
});

describe('what is not signed is refused', () => {
  const good = sign(BODY);
  test.each<[string, string | undefined]>([
    ['no header', undefined],
    ['an empty one', ''],
    ['no time', `v1=${good}`],
    ['no signature', `t=${NOW_SECOND}`],
    ['an empty signature', `t=${NOW_SECOND},v1=`],
    ['only another scheme', `t=${NOW_SECOND},v0=${good}`],
    ['that of another time', `t=${NOW_SECOND + 1},v1=${good}`],
    ['that of another body', header(`${BODY} `)],
    ['that of another secret', header(BODY, NOW_SECOND, 'whsec_other')],
    ['that of the key of the API', header(BODY, NOW_SECOND, credentials.apiKey)],
    [
      'the body alone signed',
      `t=${NOW_SECOND},v1=${createHmac('sha256', SECRET).update(BODY).digest('hex')}`,
    ],
    ['upper case', `t=${NOW_SECOND},v1=${good.toUpperCase()}`],
    ['base64', `t=${NOW_SECOND},v1=${Buffer.from(good, 'hex').toString('base64')}`],
    ['a space before the signature', `t=${NOW_SECOND}, v1=${good}`],
    ['more behind the signature', `t=${NOW_SECOND},v1=${good}=0`],
    ['two times', `t=${NOW_SECOND},t=${NOW_SECOND},v1=${good}`],
    ['an older time beside it', `t=${NOW_SECOND - 9_999},t=${NOW_SECOND},v1=${good}`],
    ['a time that is none', header(BODY, 'now')],
    ['a zero before the time that was signed', `t=0${NOW_SECOND},v1=${good}`],
    ['a negative time', header(BODY, -1)],
    ['a time with a fraction', header(BODY, `${NOW_SECOND}.5`)],
    ['a time in another notation', header(BODY, '1e9')],
    ['an endless time', header(BODY, '1'.repeat(400))],
    ['semicolons', `t=${NOW_SECOND};v1=${good}`],
    ['an endless header', `${header(BODY)}${',v0=00'.repeat(1_000)}`],
  ])('%s', async (_name, signature) => {
    const reading = await read(BODY, signature);
    expect(reading).toMatchObject({ kind: 'refused', reason: 'FORGED', answer: { status: 401 } });
  });

  test('without a secret of its own an account takes nothing', async () => {
    expect(verdictOf(await read(BODY, header(BODY), { secrets: null }))).toBe('NOT_CONFIGURED');
    expect(verdictOf(await read(BODY, header(BODY, NOW_SECOND, ''), { secrets: null }))).toBe(
      'NOT_CONFIGURED',
    );
  });

  test('a body with any bit flipped', async () => {
    const signature = header(BODY);
    let tried = 0;
    for (const body of withOneBitFlipped(Buffer.from(BODY))) {
      expect(verdictOf(await read(body, signature))).toBe('FORGED');
      tried += 1;
    }
    expect(tried).toBeGreaterThan(5_000);
  });

  test('a header with any bit flipped', async () => {
    for (const signature of withOneBitFlipped(Buffer.from(header(BODY))))
      expect(verdictOf(await read(BODY, signature.toString('latin1')))).toBe('FORGED');
  });
});

describe('the time of a delivery', () => {
  test.each([
    [-300, 'taken'],
    [300, 'taken'],
    [-301, 'STALE'],
    [301, 'STALE'],
    [-86_400, 'STALE'],
    [3_650 * 86_400, 'STALE'],
  ])('of %i seconds from now is %s', async (seconds, expected) => {
    const reading = await read(BODY, header(BODY, NOW_SECOND + seconds));
    expect(verdictOf(reading)).toBe(expected);
    expect(reading).toMatchObject({ answer: { status: expected === 'taken' ? 200 : 401 } });
  });

  test('is nothing before the signature is good', async () => {
    expect(verdictOf(await read(BODY, header(BODY, NOW_SECOND - 301, 'whsec_other')))).toBe('FORGED');
  });
});

test('while secrets change, a delivery is taken by any signature of any secret', async () => {
  const [old, next] = [sign(BODY), sign(BODY, NOW_SECOND, 'whsec_next')];
  const both = `t=${NOW_SECOND},v1=${next},v1=${old}`;
  for (const secrets of [[SECRET], ['whsec_next'], ['whsec_next', SECRET], ['whsec_a', 'whsec_b', SECRET]])
    messageOf(await read(BODY, both, { secrets }));
  messageOf(await read(BODY, `v1=${old},v0=${'0'.repeat(64)},t=${NOW_SECOND}`));
  expect(verdictOf(await read(BODY, both, { secrets: ['whsec_other'] }))).toBe('FORGED');
});

describe('what a delivery is about', () => {
  test.each(['refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated'])(
    '%s: a refund',
    async (type) => {
      expect(messageOf(await readSigned(event(type, refund({ metadata: { order_id: KEY } }))))).toEqual({
        event: type,
        deduplicationKey: 'evt_3SimEvent000000000001',
        subject: { providerRefundId: REFUND_ID, providerPaymentId: PAYMENT_ID, ourReference: KEY },
      });
    },
  );

  test('charge.refunded: a payment, since a charge names no refund', async () => {
    const { subject } = messageOf(
      await readSigned(event('charge.refunded', charge({ payment_intent: PAYMENT_ID }))),
    );
    expect(subject).toEqual({ providerRefundId: null, providerPaymentId: PAYMENT_ID, ourReference: null });
  });

  test.each([
    ['other metadata', { metadata: { order_id: 'order-17' } }, null],
    ['no metadata', { metadata: undefined }, null],
    ['metadata of another form', { metadata: [KEY] }, null],
  ])('our reference in %s', async (_name, more, expected) => {
    const { subject } = messageOf(await readSigned(event('refund.updated', refund(more))));
    expect(subject.ourReference).toBe(expected);
  });

  test.each<[string, string, unknown]>([
    ['a refund', 'refund.created', refund({ payment_intent: null })],
    ['a charge', 'charge.refunded', charge({ payment_intent: null })],
  ])('%s without a payment intent: nothing, and it is acknowledged', async (_name, type, object) => {
    expect(await readSigned(event(type, object))).toMatchObject({ kind: 'taken', messages: [] });
  });

  test.each(['payment_intent.succeeded', 'charge.dispute.created', 'v1.new_thing', 'toString'])(
    '%s: nothing, and it is acknowledged',
    async (type) => {
      expect(await readSigned(event(type, refund()))).toEqual({
        kind: 'taken',
        messages: [],
        answer: { status: 200, contentType: 'text/plain', body: '' },
      });
    },
  );
});

test('an event of a connected account is foreign, of whatever type; one of this account is not', async () => {
  for (const type of ['refund.updated', 'account.updated'])
    expect(await readSigned(event(type, refund(), { account: 'acct_SimStripe000002' }))).toMatchObject({
      reason: 'FOREIGN',
      answer: { status: 401 },
    });
  messageOf(await readSigned(event('refund.updated', refund(), { account: credentials.accountId })));
  messageOf(await readSigned(event('refund.updated', refund(), { account: null })));
});

test('a repetition is known by the id of its event, whenever it was signed', async () => {
  const first = messageOf(await read(BODY, header(BODY, NOW_SECOND - 100)));
  expect(messageOf(await readSigned(BODY))).toEqual(first);
  const other = event('refund.updated', refund(), { id: 'evt_3SimEvent000000000002' });
  expect(messageOf(await readSigned(other)).deduplicationKey).not.toBe(first.deduplicationKey);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['no JSON', 'type=refund.updated'],
  ['a list', `[${BODY}]`],
  ['a notification of version 2', event('refund.updated', refund(), { object: 'v2.core.event' })],
  ['no id', event('refund.updated', refund(), { id: undefined })],
  ['an id that leads elsewhere', event('refund.updated', refund(), { id: 'evt_../1' })],
  ['no type', event(undefined, refund())],
  ['an account of another form', event('refund.updated', refund(), { account: { id: 'acct_1' } })],
  ['no object', event('refund.updated', undefined)],
  ['a refund without a payment', event('refund.updated', refund({ payment_intent: undefined }))],
  ['a refund with another id', event('refund.updated', refund({ id: '../v1/charges' }))],
  ['a charge as a refund', event('refund.updated', charge({ payment_intent: PAYMENT_ID }))],
  ['a refund as a charge', event('charge.refunded', refund())],
])('signed, and %s: malformed', async (_name, body) => {
  const reading = await readSigned(body);
  expect(reading).toMatchObject({ kind: 'refused', reason: 'MALFORMED', answer: { status: 400 } });
});

describe('a delivery for tests', () => {
  const told = { secret: SECRET, paymentId: PAYMENT_ID, eventId: 'evt_7', at: NOW } as const;
  const ofRefund = { ...told, refundId: REFUND_ID, reference: KEY } as const;
  const all: StripeDelivery[] = [
    { ...ofRefund, type: 'refund.created' },
    { ...ofRefund, type: 'refund.updated' },
    { ...ofRefund, type: 'refund.failed' },
    { ...ofRefund, type: 'charge.refund.updated' },
    { ...told, type: 'charge.refunded' },
  ];
  const access = accessWith({ ...credentials, webhookSecrets: [SECRET] }, NOW);
  const readBuilt = (built: StripeDelivery) => webhooks.read(access, requestOf(buildStripeDelivery(built)));

  test.each(all)('is about what it was built for: $type', async (built) => {
    const isOfRefund = 'refundId' in built;
    expect(messageOf(await readBuilt(built))).toEqual({
      event: built.type,
      deduplicationKey: 'evt_7',
      subject: {
        providerRefundId: isOfRefund ? REFUND_ID : null,
        providerPaymentId: PAYMENT_ID,
        ourReference: isOfRefund ? KEY : null,
      },
    });
  });

  test('can be of several secrets, another one, another time or a connected account', async () => {
    const [, updated] = all as [StripeDelivery, StripeDelivery];
    messageOf(await readBuilt({ ...updated, secret: ['whsec_next', SECRET] }));
    expect(verdictOf(await readBuilt({ ...updated, secret: 'whsec_next' }))).toBe('FORGED');
    expect(verdictOf(await readBuilt({ ...updated, at: new Date(NOW.getTime() - 301_000) }))).toBe('STALE');
    expect(verdictOf(await readBuilt({ ...updated, connectedAccount: 'acct_2' }))).toBe('FOREIGN');
    expect(await readBuilt({ ...updated, paymentId: null })).toMatchObject({ kind: 'taken', messages: [] });
  });
});

describe('nothing is thrown', () => {
  property.prop([fc.uint8Array({ maxLength: 2_000 }), fc.option(fc.string(), { nil: undefined })])(
    'for any bytes and headers, signed or not',
    async (bytes, signature) => {
      const body = Buffer.from(bytes);
      expect(verdictOf(await read(body, signature))).toBe('FORGED');
      expect(verdictOf(await read(body, `t=${signature},v1=${signature}`))).toBe('FORGED');
      expect(verdictOf(await readSigned(body))).toBe('MALFORMED');
    },
  );

  property.prop([
    fc.constantFrom(...webhooks.events),
    fc.jsonValue(),
    fc.dictionary(fc.string(), fc.jsonValue()),
  ])('and what is taken can be stored', async (type, value, more) => {
    for (const object of [
      value,
      { ...refund(), ...more },
      { ...charge(), ...more },
      refund({ metadata: value }),
    ])
      expectStorable(await readSigned(event(type, object)));
    expectStorable(await readSigned(event(type, refund(), more)));
  });

  test('for a signed body that nests as deep as it can', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(verdictOf(await readSigned(deep))).toBe('MALFORMED');
    expect(verdictOf(await readSigned(event('refund.updated', 'DEEP').replace('"DEEP"', deep)))).toBe(
      'MALFORMED',
    );
  });
});
