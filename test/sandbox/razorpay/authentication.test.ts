import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  basic,
  descriptionOf,
  OTHER_ACCOUNT,
  PARTNER,
  type RazorpayHarness,
  startRazorpay,
} from './harness.ts';

describe('razorpay authentication', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  it('accepts a partner with the account of the sub-merchant, and the key pair of that account', async () => {
    const path = `/payments/${id}`;
    const documented = 'Basic UGFydG5lckNsaWVudDAxOnMzY3IzdC1QYXJ0L25lcg==';
    expect((await sandbox.api('GET', path, { authorization: documented })).status).toBe(200);
    const authorization = basic('rzp_test_SimKey00000001:SimKeySecret0001');
    expect((await sandbox.api('GET', path, { authorization, account: null })).status).toBe(200);
    expect((await sandbox.api('GET', path, { authorization })).status).toBe(200);
  });

  it.each([
    ['an unknown id', basic('nobody:x'), ACCOUNT, 'The api key provided is invalid'],
    ['a wrong secret', basic('PartnerClient01:x'), ACCOUNT, 'The api secret provided is invalid'],
    ['a wrong key secret', basic('rzp_test_SimKey00000001:x'), null, 'The api secret provided is invalid'],
    ['a lower-case scheme', basic(PARTNER).replace('Basic', 'basic'), ACCOUNT, 'Authentication failed'],
    ['an upper-case scheme', basic(PARTNER).replace('Basic', 'BASIC'), ACCOUNT, 'Authentication failed'],
    ['quotes', `Basic "${btoa(PARTNER)}"`, ACCOUNT, 'Authentication failed'],
    ['two spaces', `Basic  ${btoa(PARTNER)}`, ACCOUNT, 'Authentication failed'],
    ['a bearer token', 'Bearer abc', ACCOUNT, 'Authentication failed'],
    ['an unlinked account', basic(PARTNER), 'acc_SimSub00000009', 'Authentication failed'],
    [
      'a foreign account',
      basic('rzp_test_SimKey00000001:SimKeySecret0001'),
      OTHER_ACCOUNT,
      'Authentication failed',
    ],
  ])('refuses %s with 401', async (_name, authorization, account, description) => {
    const reply = await sandbox.api('GET', `/payments/${id}`, { authorization, account });
    expect(reply).toMatchObject({ status: 401, body: { error: { code: 'BAD_REQUEST_ERROR', description } } });
    const refund = await sandbox.api('POST', `/payments/${id}/refund`, {
      authorization,
      account,
      body: { amount: 100 },
    });
    expect(refund.status).toBe(401);
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it.each([
    ['another sub-merchant', OTHER_ACCOUNT, PARTNER],
    ['the partner itself', null, PARTNER],
    ['the live mode of the same account', ACCOUNT, 'PartnerClient02:l1ve-s3cr3t-Part/ner'],
  ])('hides payments and refunds from %s', async (_name, account, pair) => {
    const refundId = String((await sandbox.refund(id, 100)).body['id']);
    const caller = { account, authorization: basic(pair) };
    for (const path of [`/payments/${id}`, `/refunds/${refundId}`, `/payments/${id}/refunds`]) {
      const reply = await sandbox.api('GET', path, caller);
      expect([reply.status, descriptionOf(reply)]).toEqual([400, 'The id provided does not exist']);
    }
    const refund = await sandbox.api('POST', `/payments/${id}/refund`, { ...caller, body: { amount: 100 } });
    expect([refund.status, descriptionOf(refund)]).toEqual([400, 'The id provided does not exist']);
    for (const path of ['/refunds', '/payments']) {
      expect((await sandbox.api('GET', path, caller)).body).toEqual({
        entity: 'collection',
        count: 0,
        items: [],
      });
    }
  });

  it('can answer wrong credentials beside a key as its documentation says, with 500', async () => {
    const call = { authorization: basic('nobody:x'), key: 'key-0000000001', body: { amount: 100 } };
    expect((await sandbox.api('POST', `/payments/${id}/refund`, call)).status).toBe(401);
    await sandbox.mode({ badAuthWithKey: 500 });
    const reply = await sandbox.api('POST', `/payments/${id}/refund`, call);
    expect([reply.status, descriptionOf(reply)]).toEqual([500, 'Merchant id not found in authentication']);
    expect((await sandbox.api('GET', '/refunds', { authorization: call.authorization })).status).toBe(401);
  });

  it('answers what is no path of the API in two different shapes', async () => {
    const inside = await sandbox.api('GET', '/nothing');
    expect([inside.status, descriptionOf(inside)]).toEqual([
      400,
      'The requested URL was not found on the server.',
    ]);
    const wrongMethod = await sandbox.api('DELETE', `/payments/${id}`);
    expect(wrongMethod.status).toBe(400);
    const outside = await fetch(sandbox.razorpayUrl.replace('/v1', '/v9/payments'));
    expect([outside.status, await outside.json()]).toEqual([
      404,
      { message: 'no Route matched with those values' },
    ]);
  });
});
