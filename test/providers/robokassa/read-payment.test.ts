import { describe, expect, test } from 'vitest';
import { robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { INVOICE, inState, OP_KEY, openShop, operation, result } from './shop.ts';

async function read(answer: Script, options: object = {}, invoice = INVOICE) {
  const { access, provider } = await openShop(() => answer, { options });
  return { look: await robokassaV2.readPayment(access, invoice), requests: provider.requests };
}

async function factsOf(body: string, options: object = {}) {
  const { look } = await read({ body }, options);
  if (look.kind !== 'found') throw new Error(JSON.stringify(look));
  expect(look.value.refunds).toEqual([]);
  return look.value.payment;
}

const failureOf = async (answer: Script) => {
  const { look } = await read(answer);
  return look.kind === 'unavailable' ? look.failure : look;
};

describe('the look-up of a payment', () => {
  test('is a form signed with the second password', async () => {
    const { requests } = await read({ body: operation() });
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/Merchant/WebService/Service.asmx/OpStateExt',
        body: 'MerchantLogin=demo-shop&InvoiceID=12345&Signature=fd162d2c8f799945b35772d82f517376',
      },
    ]);
  });

  test('is hashed as the account says', async () => {
    const { requests } = await read({ body: operation() }, { hashAlgorithm: 'sha256' });
    expect(requests[0]!.body).toContain(
      'Signature=4b2e2ab9996aaf183b140ce6988f25c43243a48dc4970d12f0132d9081f5c27c',
    );
  });

  test('tells all there is of a paid one', async () => {
    expect(await factsOf(operation())).toEqual({
      providerPaymentId: INVOICE,
      handles: { opKey: OP_KEY },
      orderReference: null,
      state: 'CAPTURED',
      rawStatus: '100',
      amount: { minor: 150000n, currency: 'RUB' },
      capturedMinor: 150000n,
      refundedMinor: null,
      refundableByProvider: true,
      wholeOnly: false,
      method: 'BankCard',
      createdAt: new Date('2026-11-20T09:15:31.447Z'),
      capturedAt: new Date('2026-11-20T09:15:31.447Z'),
      holdExpiresAt: null,
      refundWindowClosesAt: null,
      sources: [],
      items: [],
    });
  });

  test.each([
    [
      'the other namespace',
      'http://merchant.roboxchange.com/WebService/',
      'http://auth.robokassa.ru/Merchant/WebService/',
    ],
    ['UserFields', 'UserField>', 'UserFields>'],
    ['two decimals', '1500.000000', '1500.00'],
    ['no decimals', '1500.000000', '1500'],
    ['a time in whole seconds', '31.4470000', '31'],
  ])('takes %s', async (_what, from, to) => {
    expect(await factsOf(operation([[from, to]]))).toMatchObject({
      state: 'CAPTURED',
      capturedMinor: 150000n,
      wholeOnly: false,
    });
  });

  test('takes prefixes of a namespace', async () => {
    const body = operation()
      .replaceAll(/<(\/?)([A-Z])/g, '<$1w:$2')
      .replace('xmlns=', 'xmlns:w=');
    expect(body).toContain('<w:OutSum>');
    expect(await factsOf(body)).toMatchObject({ capturedMinor: 150000n });
  });

  test.each([
    ['5', 'PENDING'],
    ['10', 'CANCELED'],
    ['20', 'AUTHORIZED'],
    ['50', 'PENDING'],
    ['60', 'CANCELED'],
    ['80', 'PENDING'],
    ['70', 'PENDING'],
  ])('says of state %s that it is %s, with nothing to refund', async (code, state) => {
    expect(await factsOf(inState(code))).toMatchObject({
      state,
      rawStatus: code,
      capturedMinor: 0n,
      refundableByProvider: false,
      capturedAt: null,
    });
  });

  test('says of 50 and 80 that they wait, and of no other state', () => {
    const waiting = ['5', '10', '20', '50', '60', '80', '100', '70'].filter((code) =>
      robokassaV2.isNotYetRefundable!(code),
    );
    expect(waiting).toEqual(['50', '80']);
  });

  test('says when a hold ends', async () => {
    const { holdExpiresAt } = await factsOf(inState('20'));
    expect(holdExpiresAt).toEqual(new Date('2026-11-27T09:15:31.447Z'));
  });

  test('counts what the shop gets; a surcharge makes it whole only', async () => {
    const facts = await factsOf(operation([['<IncSum>1500.000000', '<IncSum>1552.500000']]));
    expect(facts).toMatchObject({
      amount: { minor: 150000n },
      wholeOnly: true,
      handles: { opKey: OP_KEY, surcharged: 'true' },
    });
  });

  test('ends the time for refunds where the account says so', async () => {
    const { refundWindowClosesAt } = await factsOf(operation(), { refundWindowDays: 10 });
    expect(refundWindowClosesAt).toEqual(new Date('2026-11-30T09:15:31.447Z'));
  });

  test('resolves no entity', async () => {
    const { method } = await factsOf(operation([['<Code>BankCard', '<Code>Bank&amp;Card']]));
    expect(method).toBe('Bank&amp;Card');
  });

  test('keeps no key that is none', async () => {
    expect((await factsOf(operation([[OP_KEY, 'a b']]))).handles).toEqual({});
  });
});

describe('a payment is unavailable, and no sum is rounded, with', () => {
  test.each([
    ['three decimals that count', '<OutSum>1500.000000', '<OutSum>1500.001000'],
    ['a sum that is none', '<OutSum>1500.000000', '<OutSum>1e3'],
    ['a negative sum', '<OutSum>1500.000000', '<OutSum>-1500.00'],
    ['two sums', '<OutCurrLabel>RUR</OutCurrLabel>', '<OutSum>1.00</OutSum>'],
    ['no sum of the buyer', '<IncSum>1500.000000</IncSum>', ''],
    ['a time that is none', '2026-11-20T12:15:31.4470000+03:00', 'yesterday'],
    ['no state', '<Code>100</Code>', ''],
    [
      'a document type',
      '<OperationStateResponse',
      '<!DOCTYPE a [<!ENTITY b "1500">]><OperationStateResponse',
    ],
    ['an element that is not closed', '</Info>', ''],
    ['more than any payment has to say', '</Info>', `</Info>${'<a/>'.repeat(20_000)}`],
  ])('%s', async (_what, from, to) => {
    expect(await failureOf({ body: operation([[from, to]]) })).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
  });

  test('an entity in a sum', async () => {
    const body = operation([['<OutSum>1500.000000', '<OutSum>15&#48;0.00']]);
    expect(await failureOf({ body })).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  test.each([
    [{ status: 500, body: operation() }, 'PROVIDER_UNAVAILABLE'],
    [{ status: 404, body: 'Not Found' }, 'PROVIDER_UNAVAILABLE'],
    [{ status: 429, body: '' }, 'RATE_LIMITED'],
    [{ body: '<html><body>Wait</body></html>' }, 'PROVIDER_UNAVAILABLE'],
    [{ body: '' }, 'PROVIDER_UNAVAILABLE'],
    [{ body: result('1') }, 'AUTHENTICATION_FAILED'],
    [{ body: result('2') }, 'AUTHENTICATION_FAILED'],
    [{ body: result('4') }, 'PROVIDER_REJECTED'],
    [{ body: result('1000') }, 'PROVIDER_UNAVAILABLE'],
    [{ body: result('77') }, 'PROVIDER_UNAVAILABLE'],
  ])('%o', async (answer, code) => {
    expect(await failureOf(answer)).toMatchObject({ code });
  });
});

describe('a payment does not exist', () => {
  test('by code 3', async () => {
    expect((await read({ body: result('3') })).look).toEqual({ kind: 'absent' });
  });

  test.each(['0', '-1', '01', '12345a', '9223372036854775808', '1&x=2', ''])(
    'with the number %s, and nobody is asked',
    async (invoice) => {
      const { look, requests } = await read({ body: operation() }, {}, invoice);
      expect(look).toEqual({ kind: 'absent' });
      expect(requests).toEqual([]);
    },
  );

  test('but may with the largest number there is', async () => {
    const { look } = await read({ body: operation() }, {}, '9223372036854775807');
    expect(look.kind).toBe('found');
  });
});
