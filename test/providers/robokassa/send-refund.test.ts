import { describe, expect, test } from 'vitest';
import { robokassaV1, robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import { signJwt } from '../../../src/providers/robokassa/signatures.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  inState,
  INVOICE,
  NOW,
  OP_KEY,
  openShop,
  operation,
  order,
  REQUEST_ID,
  result,
  scriptOf,
} from './shop.ts';

const sent = { providerPaymentId: INVOICE, amount: order.amount, sends: 0 };
const request = robokassaV2.buildRefund(order);

async function send(post: Script, state?: Script, more: Parameters<typeof openShop>[1] = {}) {
  const { access, provider } = await openShop(scriptOf(post, state), more);
  const outcome = await robokassaV2.sendRefund(access, request, sent, () => true);
  return { outcome, requests: provider.requests };
}

const accepted = { success: true, message: null, requestId: REQUEST_ID };
const no = (message: string | null, status = 200): Script => ({
  status,
  body: { success: false, message, requestId: null },
});

describe('a refund of v2', () => {
  test('goes to the other host as a JSON document that is one signed string', async () => {
    const { requests } = await send({ body: accepted });
    const jwt = signJwt(`{"OpKey":"${OP_KEY}","RefundSum":400}`, 'pass3-secret', 'HS256');
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/RefundService/Refund/Create',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: `"${jwt}"`,
      },
    ]);
  });

  test('is sent to it also from what was stored, which names no host', async () => {
    const { access, provider } = await openShop(scriptOf({ body: accepted }));
    const { host: _host, ...stored } = request;
    await robokassaV2.sendRefund(access, stored, sent, () => true);
    expect(provider.requests[0]!.path).toBe('/RefundService/Refund/Create');
  });

  test('is signed as the account says', async () => {
    const { requests } = await send({ body: accepted }, undefined, { options: { jwtAlgorithm: 'HS512' } });
    const [header = ''] = requests[0]!.body.slice(1).split('.');
    expect(Buffer.from(header, 'base64url').toString()).toBe('{"alg":"HS512","typ":"JWT"}');
  });

  test('that was taken is PENDING, whatever RoboKassa has done by then', async () => {
    const { outcome } = await send({ body: accepted });
    expect(outcome).toEqual({
      kind: 'accepted',
      refund: {
        providerRefundId: REQUEST_ID,
        providerPaymentId: INVOICE,
        status: 'PENDING',
        rawStatus: 'accepted',
        amount: { minor: 40000n, currency: 'RUB' },
        failure: null,
        ourReference: null,
        createdAt: NOW,
        traceReferences: [],
        sources: [],
        providerDetails: {},
      },
      evidence: { httpStatus: 200 },
    });
  });

  test.each([
    ['a success without an id', { body: { success: true, message: null } }],
    ['a success with an empty id', { body: { ...accepted, requestId: '' } }],
    [
      'a success with an id of zeros',
      { body: { ...accepted, requestId: '00000000-0000-0000-0000-000000000000' } },
    ],
    ['a refusal that names a refund', { body: { ...accepted, success: false } }],
    ['a success with an id that could not stand in a URL', { body: { ...accepted, requestId: '../1?x=2' } }],
    ['a success with an error status', { status: 400, body: accepted }],
    ['an empty body', { body: '' }],
    ['a body that is no JSON', { body: '<html></html>' }],
    ['a body of somebody else', { body: { ok: true } }],
    ['a redirect', { status: 302, body: accepted }],
    ['a bad gateway', { status: 502, body: '<html></html>' }],
    ['an error of the server with a body of RoboKassa', no('Whatever', 500)],
    ['a bad request without a body of RoboKassa', { status: 400, body: 'BadRequest' }],
    ['401 without it', { status: 401, body: '' }],
    ['403 without it', { status: 403, body: '<html></html>' }],
    ['404 without it', { status: 404, body: '' }],
    ['415 without it', { status: 415, body: '' }],
    ['429 without it', { status: 429, body: 'Too many requests' }],
    ['no answer', 'drop'],
  ] as const)('is unknown after %s, and sent once', async (_what, post) => {
    const { outcome, requests } = await send(post);
    expect(outcome).toMatchObject({
      kind: 'unknown',
      failure: { code: 'UNKNOWN_OUTCOME', retry: 'ASK_A_HUMAN' },
    });
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['Signature key is not exists', 401],
    ['Signature key is not exists or partner have not access to API', 401],
    ['signature KEY is not exists', 200],
    ['Anything', 403],
  ])('is put off, and its account with it, by "%s" with %s', async (message, status) => {
    const { outcome } = await send(no(message, status));
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'AUTHENTICATION_FAILED' } });
  });

  test('is put off by 429 in RoboKassa’s own words', async () => {
    const { outcome } = await send({ ...(no('Slow', 429) as object), headers: { 'retry-after': '7' } });
    expect(outcome).toMatchObject({
      kind: 'deferred',
      failure: { code: 'RATE_LIMITED' },
      retryAfterMs: 7000,
    });
  });

  test('is put off, and not sent, without a third password', async () => {
    const { access, provider } = await openShop(scriptOf({ body: accepted }));
    const { password3: _password3, ...credentials } = access.credentials;
    const outcome = await robokassaV2.sendRefund({ ...access, credentials }, request, sent, () => true);
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'AUTHENTICATION_FAILED' } });
    expect(provider.requests).toEqual([]);
  });

  test('is not sent when it may not be any more', async () => {
    const { access, provider } = await openShop(scriptOf({ body: accepted }));
    const outcome = await robokassaV2.sendRefund(access, request, sent, () => false);
    expect(outcome.kind).toBe('not-sent');
    expect(provider.requests).toEqual([]);
  });
});

describe('a refusal of RoboKassa', () => {
  test.each([
    ['NotEnoughOperationFunds', 'INSUFFICIENT_FUNDS'],
    ['NOTENOUGHOPERATIONFUNDS', 'INSUFFICIENT_FUNDS'],
    ['AlreadyRefunded', 'PAYMENT_NOT_REFUNDABLE'],
    ['RefundAlreadyExists', 'PAYMENT_NOT_REFUNDABLE'],
    ['OperationNotFound', 'PAYMENT_NOT_FOUND'],
    ['InvalidOpKey', 'PAYMENT_NOT_FOUND'],
    ['InvalidRefundSum', 'INVALID_AMOUNT'],
    ['Something', 'PROVIDER_REJECTED'],
    [null, 'PROVIDER_REJECTED'],
  ])('%s of a paid payment is %s', async (message, code) => {
    for (const status of [200, 400]) {
      const { outcome } = await send(no(message, status));
      expect(outcome).toMatchObject({ kind: 'refused', failure: { code, providerCode: message } });
    }
  });

  test.each([
    [{ body: result('3') }, 'PAYMENT_NOT_FOUND'],
    [{ body: inState('50') }, 'ANOTHER_OPERATION_IN_PROGRESS'],
    [{ body: inState('80') }, 'ANOTHER_OPERATION_IN_PROGRESS'],
    [{ body: inState('60') }, 'PAYMENT_NOT_REFUNDABLE'],
    [{ body: inState('20') }, 'PAYMENT_NOT_REFUNDABLE'],
    [{ body: operation([['1500.000000', '399.990000']]) }, 'AMOUNT_EXCEEDS_REFUNDABLE'],
    [{ status: 500, body: '' }, 'INSUFFICIENT_FUNDS'],
  ])('is explained by the payment first: %o is %s', async (state, code) => {
    const { outcome } = await send(no('NotEnoughOperationFunds'), state);
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code } });
  });

  test('in a sentence is kept for operators, and shown to nobody', async () => {
    const { outcome } = await send(no('The card 555555 is closed'));
    expect(outcome).toMatchObject({
      failure: { providerCode: null },
      evidence: { httpStatus: 200, errorDescription: 'The card 555555 is closed' },
    });
    expect(JSON.stringify((outcome as { failure: object }).failure)).not.toContain('555555');
  });
});

describe('a refund of v1', () => {
  const first = robokassaV1.buildRefund({
    ...order,
    amount: { minor: 5000n, currency: 'RUB' },
    isFirst: true,
  });
  const xml = (code: string, state = ''): Script => ({
    body: `<RefundResponse><Code>${code}</Code><Description>Text</Description>${state}</RefundResponse>`,
  });
  async function sendV1(post: Script, options: object = {}, request = first) {
    const { access, provider } = await openShop(scriptOf(post), { options: { refundApi: 'v1', ...options } });
    const outcome = await robokassaV1.sendRefund(access, request, sent, () => true);
    return { outcome, body: provider.requests[0]?.body };
  }

  test.each([
    ['md5', '6BFC3E380E4D4EC72907671B2C78B068'],
    ['sha256', 'B937BE2002F3E6D677187ED04019E9116708A46506FDBFEF8E303DFD7B45277A'],
  ])('is signed when it is sent, by %s', async (hashAlgorithm, signature) => {
    const { body } = await sendV1(xml('0', '<State>5</State>'), { hashAlgorithm });
    expect(body).toBe(
      `<RefundRequest><MerchantLogin>demo-shop</MerchantLogin><InvoiceID>12345</InvoiceID><Amount>50.00</Amount><SignatureValue>${signature}</SignatureValue></RefundRequest>`,
    );
  });

  test('of the whole payment has no amount', async () => {
    const whole = { ...first, body: '<InvoiceID>12345</InvoiceID>' };
    const { body } = await sendV1(xml('0'), {}, whole);
    expect(body).toContain('<SignatureValue>D88BB9876855A3FFB28372360F789399</SignatureValue>');
  });

  test.each([
    ['<State>5</State>', 'SUCCEEDED', '5'],
    ['<State>1</State>', 'UNRECOGNISED', '1'],
    ['', 'PENDING', 'accepted'],
  ])('with %s is %s', async (state, status, rawStatus) => {
    const { outcome } = await sendV1(xml('0', state));
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { providerRefundId: 'v1:12345', status, rawStatus, amount: sent.amount },
    });
  });

  test('is refused by a code of RoboKassa', async () => {
    const { outcome } = await sendV1(xml('1'));
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'PROVIDER_REJECTED' } });
  });

  test('is refused where the operation does not exist', async () => {
    const text = 'OpRefund Web Service method name is not valid.';
    const { outcome } = await sendV1({ status: 500, body: text });
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'PROVIDER_REJECTED' } });
  });

  test.each([
    ['an internal error', xml('1000')],
    ['a server error', { status: 500, body: 'Server Error' }],
    ['400', { ...(xml('1') as object), status: 400 }],
    ['an empty body', { body: '' }],
    ['another document', { body: '<a><Code>0</Code></a>' }],
    ['no answer', 'drop'],
  ] as const)('is unknown after %s', async (_what, post) => {
    expect((await sendV1(post)).outcome.kind).toBe('unknown');
  });

  test('that an account of v2 has stored before is sent by v2', async () => {
    const { access, provider } = await openShop(scriptOf({ body: accepted }), {
      options: { refundApi: 'v1' },
    });
    const outcome = await robokassaV1.sendRefund(access, request, sent, () => true);
    expect(outcome.kind).toBe('accepted');
    expect(provider.requests[0]!.path).toBe('/RefundService/Refund/Create');
  });
});
