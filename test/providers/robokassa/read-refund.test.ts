import { describe, expect, test } from 'vitest';
import { robokassaV1, robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { known, openShop, REQUEST_ID } from './shop.ts';

async function read(answer: Script, refund = known) {
  const { access, provider } = await openShop(() => answer);
  return { look: await robokassaV2.readRefund(access, refund), requests: provider.requests };
}
const state = (label: string, amount = '"amount": 400.000000, '): string =>
  `{"requestId": "${REQUEST_ID}", ${amount}"label": "${label}"}`;

describe('the state of a refund', () => {
  test('is asked for by its id alone, without any signature', async () => {
    const { requests } = await read({ body: state('finished') });
    expect(requests).toMatchObject([
      { method: 'GET', path: `/RefundService/Refund/GetState?id=${REQUEST_ID}`, body: '' },
    ]);
    expect(requests[0]!.headers.authorization).toBeUndefined();
  });

  test.each([
    ['processing', 'PENDING'],
    ['finished', 'SUCCEEDED'],
    ['canceled', 'CANCELED'],
    ['under_review', 'UNRECOGNISED'],
    ['Finished', 'UNRECOGNISED'],
  ])('%s is %s; its payment and time are what is known', async (label, status) => {
    expect((await read({ body: state(label) })).look).toEqual({
      kind: 'found',
      value: {
        providerRefundId: REQUEST_ID,
        providerPaymentId: '12345',
        status,
        rawStatus: label,
        amount: { minor: 40000n, currency: 'RUB' },
        failure: null,
        ourReference: null,
        createdAt: known.createdAt,
        traceReferences: [],
        sources: [],
        providerDetails: {},
      },
    });
  });

  test.each([
    ['', 40000n],
    ['"amount": null, ', 40000n],
    ['"amount": 399.990000, ', 39999n],
    ['"amount": 400, ', 40000n],
    ['"amount": 90071992547409.910000, ', 9007199254740991n],
  ])('with %s is of %s kopecks', async (amount, minor) => {
    const { look } = await read({ body: state('processing', amount) });
    expect(look).toMatchObject({ kind: 'found', value: { amount: { minor } } });
  });

  test.each([
    state('finished', '"amount": 400.001000, '),
    state('finished', '"amount": 99999999999.000001, '),
    state('finished', '"amount": 4e2, '),
    state('finished', '"amount": -1.00, '),
    state('finished').replace(REQUEST_ID, '00000000-0000-0000-0000-000000000000'),
    '{"label": "finished"}',
    '<html></html>',
    '',
  ])('that cannot be read exactly is unavailable: %s', async (body) => {
    expect((await read({ body })).look.kind).toBe('unavailable');
  });

  test.each([200, 400])('is absent where its id is not known, with HTTP %s', async (status) => {
    const body = { message: 'Id is invalid or request id does not exist' };
    expect((await read({ status, body })).look).toEqual({ kind: 'absent' });
  });

  test.each([
    { status: 503, body: { message: 'Service unavailable' } },
    { status: 404, body: '<html></html>' },
    { status: 400, body: '' },
    { status: 429, body: '' },
    { status: 500, body: state('finished') },
  ])('is unavailable after %o', async (answer) => {
    expect((await read(answer)).look.kind).toBe('unavailable');
  });

  test.each(['1', '../../Create', 'a b', `${REQUEST_ID}&x=1`])('of %s is not asked for', async (id) => {
    const { look, requests } = await read({ body: state('finished') }, { ...known, providerRefundId: id });
    expect(look).toEqual({ kind: 'absent' });
    expect(requests).toEqual([]);
  });
});

describe('the state of a refund of v1', () => {
  const ofInvoice = { ...known, providerRefundId: 'v1:12345' };
  const xml = (content: string): Script => ({
    body: `<RefundStatusResponse>${content}</RefundStatusResponse>`,
  });

  test('is asked for by its invoice, whichever version the account has now', async () => {
    for (const adapter of [robokassaV1, robokassaV2]) {
      const { access, provider } = await openShop(() => xml('<Code>0</Code><State>5</State>'));
      const look = await adapter.readRefund(access, ofInvoice);
      expect(look).toMatchObject({
        kind: 'found',
        value: { status: 'SUCCEEDED', rawStatus: '5', amount: known.amount, providerRefundId: 'v1:12345' },
      });
      expect(provider.requests).toMatchObject([
        {
          method: 'POST',
          path: '/Merchant/WebService/Service.asmx/OpRefundStatus',
          body: '<RefundStatusRequest><MerchantLogin>demo-shop</MerchantLogin><InvoiceID>12345</InvoiceID><SignatureValue>D88BB9876855A3FFB28372360F789399</SignatureValue></RefundStatusRequest>',
        },
      ]);
    }
  });

  test.each([
    ['<Code>0</Code><State>1</State>', 'UNRECOGNISED'],
    ['<Code>0</Code>', 'PENDING'],
  ])('%s is %s', async (content, status) => {
    const { access } = await openShop(() => xml(content));
    expect(await robokassaV1.readRefund(access, ofInvoice)).toMatchObject({ value: { status } });
  });

  test.each([xml('<Code>3</Code>'), { status: 500, body: '' }, { body: '' }])(
    'is unavailable after %o',
    async (answer) => {
      const { access } = await openShop(() => answer);
      expect((await robokassaV1.readRefund(access, ofInvoice)).kind).toBe('unavailable');
    },
  );

  test.each(['v1:0', 'v1:12346'])('%s, which is not of the invoice of the payment, is absent', async (id) => {
    const { access, provider } = await openShop(() => xml('<Code>0</Code><State>5</State>'));
    const look = await robokassaV1.readRefund(access, { ...known, providerRefundId: id });
    expect(look).toEqual({ kind: 'absent' });
    expect(provider.requests).toEqual([]);
  });
});
