import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, OTHER_KEY, startStripe, type StripeHarness, usd } from './harness.ts';

describe('stripe refunds', () => {
  let sandbox: StripeHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  it('answer 200 with every field of a refund, and the headers of every answer', async () => {
    const { status, body, headers } = await sandbox.refund(id, 5_000);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^re_\w{24}$/),
      object: 'refund',
      amount: 5_000,
      balance_transaction: expect.stringMatching(/^txn_/),
      charge: id.replace('pi_', 'ch_'),
      created: expect.any(Number),
      currency: 'usd',
      destination_details: {
        card: {
          reference_status: 'pending',
          reference_type: 'acquirer_reference_number',
          type: 'refund',
        },
        type: 'card',
      },
      metadata: {},
      payment_intent: id,
      reason: null,
      receipt_number: null,
      source_transfer_reversal: null,
      status: 'succeeded',
      transfer_reversal: null,
    });
    expect(headers.get('request-id')).toMatch(/^req_\w{14}$/);
    expect(headers.get('stripe-version')).toBe('2026-10-28.endive');
  });

  it('take the rest when no amount is given, and nothing after that', async () => {
    await sandbox.refund(id, 5_000);
    expect((await sandbox.refund(id)).body['amount']).toBe(10_000);
    const nothing = await sandbox.refund(id);
    expect(nothing.status).toBe(400);
    expect(errorOf(nothing)).toEqual({
      type: 'invalid_request_error',
      code: 'charge_already_refunded',
      message: `Charge ${id.replace('pi_', 'ch_')} has already been refunded.`,
    });
  });

  it('refuse more than is left, without a code', async () => {
    await sandbox.refund(id, 14_600);
    const reply = await sandbox.refund(id, 5_000);
    expect([reply.status, errorOf(reply)]).toEqual([
      400,
      {
        type: 'invalid_request_error',
        message: 'Refund amount ($50.00) is greater than unrefunded amount on charge ($4.00)',
        param: 'amount',
      },
    ]);
  });

  it('take by charge as well', async () => {
    const charge = id.replace('pi_', 'ch_');
    const { body } = await sandbox.api('POST', '/refunds', { body: { charge, amount: '100' } });
    expect(body).toMatchObject({ payment_intent: id, charge });
    const unknown = await sandbox.api('POST', '/refunds', { body: { charge: 'ch_x' } });
    expect([unknown.status, errorOf(unknown)['param']]).toEqual([404, 'charge']);
    const unpaid = await sandbox.payment({ status: 'pending' });
    const uncharged = { charge: unpaid.replace('pi_', 'ch_') };
    expect((await sandbox.api('POST', '/refunds', { body: uncharged })).status).toBe(404);
  });

  it.each([
    [{}, 'parameter_missing', 'payment_intent'],
    [{ payment_intent: '$', amount: 'ten' }, 'parameter_invalid_integer', 'amount'],
    [{ payment_intent: '$', amount: '1.5' }, 'parameter_invalid_integer', 'amount'],
    [{ payment_intent: '$', amount: '0' }, 'parameter_invalid_integer', 'amount'],
    [{ payment_intent: '$', amount: '-5' }, 'parameter_invalid_integer', 'amount'],
    [{ payment_intent: '$', amount: '' }, 'parameter_invalid_integer', 'amount'],
    [{ payment_intent: '$', color: 'red' }, 'parameter_unknown', 'color'],
    [{ payment_intent: '$', __proto__x: '1' }, 'parameter_unknown', '__proto__x'],
    [{ payment_intent: '$', reason: 'whim' }, undefined, 'reason'],
    [{ payment_intent: '$', metadata: 'text' }, undefined, 'metadata'],
    [{ payment_intent: '$', 'metadata[k][l]': '1' }, undefined, 'metadata'],
    [{ payment_intent: '$', [`metadata[${'k'.repeat(41)}]`]: '1' }, undefined, 'metadata'],
    [{ payment_intent: '$', 'metadata[k]': 'v'.repeat(501) }, undefined, 'metadata'],
    [{ payment_intent: '$', 'expand[]': 'balance_transaction' }, undefined, 'expand'],
    [{ payment_intent: '$', reverse_transfer: 'true' }, undefined, 'reverse_transfer'],
  ])('refuse the parameters %j with code %s naming %s', async (parameters, code, param) => {
    const body = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, String(value).replace('$', id)]),
    );
    const reply = await sandbox.api('POST', '/refunds', { body });
    expect(reply.status).toBe(400);
    expect([errorOf(reply)['code'], errorOf(reply)['param']]).toEqual([code, param]);
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it('keep 50 metadata keys and refuse the 51st', async () => {
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`metadata[k${index}]`, 'v']));
    expect((await sandbox.refund(id, 100, keys(51))).status).toBe(400);
    expect(Object.keys((await sandbox.refund(id, 100, keys(50))).body['metadata'] as object)).toHaveLength(
      50,
    );
  });

  it('refuse bodies that are no forms', async () => {
    const json = await sandbox.api('POST', '/refunds', {
      body: JSON.stringify({ payment_intent: id }),
      headers: { 'content-type': 'application/json' },
    });
    const clash = await sandbox.api('POST', '/refunds', { body: 'metadata=1&metadata[k]=2' });
    const reversed = await sandbox.api('POST', '/refunds', {
      body: `payment_intent=${id}&expand[0]=charge&expand=charge`,
    });
    expect([json.status, clash.status, reversed.status]).toEqual([400, 400, 400]);
  });

  it('know neither unknown payments nor those of other accounts', async () => {
    const foreign = await sandbox.payment({ account: 'stripe-other' });
    for (const reference of ['pi_x', foreign, '__proto__']) {
      const reply = await sandbox.refund(reference, 100);
      expect([reply.status, errorOf(reply)]).toEqual([
        404,
        {
          type: 'invalid_request_error',
          code: 'resource_missing',
          message: `No such payment_intent: '${reference}'`,
          param: 'payment_intent',
        },
      ]);
    }
    const mine = String((await sandbox.refund(id, 100)).body['id']);
    for (const [method, path] of [
      ['GET', `/refunds/${mine}`],
      ['POST', `/refunds/${mine}`],
      ['POST', `/refunds/${mine}/cancel`],
      ['GET', `/payment_intents/${id}`],
      ['POST', `/payment_intents/${id}/cancel`],
      ['POST', `/payment_intents/${id}/capture`],
    ] as const)
      expect((await sandbox.api(method, path, { apiKey: OTHER_KEY })).status).toBe(404);
    const unknown = await sandbox.api('GET', '/refunds/re_x');
    expect(errorOf(unknown)).toMatchObject({ message: "No such refund: 're_x'", param: 'id' });
  });

  it.each([
    ['authorized', 'payment_intent_unexpected_state'],
    ['pending', 'payment_intent_unexpected_state'],
  ])('refuse a payment that is %s', async (status, code) => {
    const reply = await sandbox.refund(await sandbox.payment({ status }));
    expect([reply.status, errorOf(reply)['code']]).toEqual([400, code]);
  });

  it('refuse old payments as configured, counted by the clock', async () => {
    await sandbox.advance(366 * 86_400);
    expect(errorOf(await sandbox.refund(id, 100))['message']).toMatch(/too old/);
    await sandbox.mode({ refundableDays: null });
    expect((await sandbox.refund(id, 100)).status).toBe(200);
    await sandbox.mode({ refundableDays: 30, texts: { tooOld: 'refund window is over' } });
    expect(errorOf(await sandbox.refund(id, 100))['message']).toBe('refund window is over');
  });

  it.each([
    ['JPY', '5000', 500, '500', '5000'],
    ['KWD', '99.990', 12_340, '12340', '99990'],
    ['ISK', '5000', 50_000, '500', '5000'],
    ['UGX', '5000', 50_000, '500', '5000'],
    ['MGA', '5000', 500, '50000', '500000'],
    ['HUF', '5000.00', 50_000, '50000', '500000'],
  ])('count %s as Stripe does', async (currency, value, wire, ledgerMinor, capturedMinor) => {
    const payment = await sandbox.payment({ amount: { value, currency } });
    expect((await sandbox.refund(payment, wire)).body).toMatchObject({
      amount: wire,
      currency: currency.toLowerCase(),
    });
    const entry = await sandbox.ledger(payment);
    expect([entry.capturedMinor, entry.refunds[0]?.amountMinor]).toEqual([capturedMinor, ledgerMinor]);
  });

  it.each([
    ['KWD', '99.990', 12_345],
    ['ISK', '5000', 50_050],
    ['UGX', '5000', 1],
  ])('refuse an amount that %s cannot have', async (currency, value, amount) => {
    const payment = await sandbox.payment({ amount: { value, currency } });
    const reply = await sandbox.refund(payment, amount);
    expect([reply.status, errorOf(reply)['param']]).toEqual([400, 'amount']);
  });

  it('never take more than was paid, however many run at once', async () => {
    const replies = await Promise.all(Array.from({ length: 40 }, () => sandbox.refund(id, 1_000)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(15);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(15);
  });

  it('show pending_reason only to versions that have it', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const refundId = String((await sandbox.refund(id, 100)).body['id']);
    const read = (version: string) =>
      sandbox.api('GET', `/refunds/${refundId}`, { headers: { 'stripe-version': version } });
    expect((await read('2025-04-30.basil')).body['pending_reason']).toBe('processing');
    expect((await read('2025-03-31.basil')).body).not.toHaveProperty('pending_reason');
    await sandbox.mode({ balance: 'pending' });
    expect((await sandbox.refund(id, 100)).body).toMatchObject({
      status: 'pending',
      pending_reason: 'insufficient_funds',
    });
    await sandbox.mode({ balance: 'refuse' });
    expect(errorOf(await sandbox.refund(id, 100))['code']).toBe('balance_insufficient');
  });

  it('hold what they may take until they end', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.refund(id, 15_000);
    expect(errorOf(await sandbox.refund(id, 1))['code']).toBe('charge_already_refunded');
    const charge = async () =>
      (await sandbox.api('GET', `/payment_intents/${id}?expand[]=latest_charge`)).body['latest_charge'];
    expect(await charge()).toMatchObject({ amount_refunded: 15_000, refunded: true });
    await sandbox.mode({ countPending: false });
    expect(await charge()).toMatchObject({ amount_refunded: 0, refunded: false });
  });

  it('is refused with 401 for a wrong or absent key, and 403 for another account', async () => {
    const wrong = await sandbox.api('GET', '/refunds', { apiKey: 'sk_test_wrong' });
    expect([wrong.status, errorOf(wrong)]).toEqual([
      401,
      { type: 'invalid_request_error', message: 'Invalid API Key provided: *********rong' },
    ]);
    expect((await sandbox.api('GET', '/refunds', { apiKey: null })).status).toBe(401);
    expect((await sandbox.api('GET', '/refunds', { apiKey: '' })).status).toBe(401);
    const connected = { 'stripe-account': 'acct_SimStripe000002' };
    expect((await sandbox.api('GET', '/refunds', { headers: connected })).status).toBe(403);
    expect((await sandbox.api('GET', '/nothing')).status).toBe(404);
    expect((await fetch(new URL('/nothing', sandbox.stripeUrl))).status).toBe(404);
  });

  it('of a smaller capture cannot exceed it', async () => {
    const part = await sandbox.payment({ captured: usd('100.00') });
    expect(errorOf(await sandbox.refund(part, 10_001))['param']).toBe('amount');
    expect(await sandbox.ledger(part)).toMatchObject({ capturedMinor: '10000', releasedMinor: '5000' });
  });
});
