import { describe, expect, test } from 'vitest';
import { robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { inState, INVOICE, openShop, result, scriptOf } from './shop.ts';

const target = { providerPaymentId: INVOICE, handles: {}, state: 'AUTHORIZED' } as const;
const request = robokassaV2.buildVoid(target, 'any');

async function send(post: Script, state: Script) {
  const { access, provider } = await openShop(scriptOf(post, state));
  return { outcome: await robokassaV2.sendVoid(access, request, INVOICE, () => true), provider };
}

describe('the release of a hold', () => {
  test('is stored without the shop and its signature', () => {
    expect(request).toEqual({
      method: 'POST',
      path: '/Merchant/Payment/Cancel',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'InvoiceID=12345',
    });
    expect(() => robokassaV2.buildVoid({ ...target, providerPaymentId: '1&2' }, 'any')).toThrow(RangeError);
  });

  test('is signed with an empty sum between two colons', async () => {
    const { provider } = await send({ body: 'true' }, { body: inState('60') });
    expect(provider.requests[0]).toMatchObject({
      method: 'POST',
      path: '/Merchant/Payment/Cancel',
      body: 'InvoiceID=12345&MerchantLogin=demo-shop&SignatureValue=bbb180af05ce1c49fd368933e1166eb6',
    });
  });

  test.each([
    ['60', 'accepted'],
    ['10', 'accepted'],
    ['20', 'unknown'],
    ['50', 'unknown'],
    ['100', 'refused'],
  ])('is judged by the state of the payment alone: %s is %s', async (code, kind) => {
    for (const post of [{ body: 'anything' }, { status: 400, body: '' }, { status: 500, body: '' }])
      expect((await send(post, { body: inState(code) })).outcome.kind).toBe(kind);
  });

  test('names the payment where that was captured meanwhile', async () => {
    const { outcome } = await send({ body: '' }, { body: inState('100') });
    expect(outcome).toMatchObject({
      kind: 'refused',
      payment: { state: 'CAPTURED', capturedMinor: 150000n },
    });
  });

  test.each([{ body: result('1000') }, { body: result('3') }, { status: 500, body: '' }])(
    'is unknown where the payment cannot be read: %o',
    async (state) => {
      expect((await send({ body: '' }, state)).outcome.kind).toBe('unknown');
    },
  );

  test('is unknown without an answer', async () => {
    expect((await send('drop', { body: inState('60') })).outcome.kind).toBe('unknown');
  });
});
