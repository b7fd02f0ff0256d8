import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { descriptionOf, myr, type RazorpayHarness, startRazorpay } from './harness.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');

describe('razorpay refusals of refunds', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay({ seed: false, realNow: () => NOW });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const said = async (reply: ReturnType<RazorpayHarness['refund']>): Promise<[number, string]> => {
    const answer = await reply;
    return [answer.status, descriptionOf(answer)];
  };

  it('takes integers and texts that look like one, nothing else', async () => {
    expect((await sandbox.refund(id, '100')).body['amount']).toBe(100);
    for (const amount of [100.5, '100.5', '1e3', '', null, true, [100], {}, 2 ** 60]) {
      const reply = await sandbox.refund(id, amount);
      expect([reply.status, descriptionOf(reply)]).toEqual([400, 'The amount must be an integer.']);
      expect((reply.body['error'] as Json)['field']).toBe('amount');
    }
    expect((await sandbox.ledger(id)).refunds).toHaveLength(1);
  });

  it('tells an amount above the payment from one above the rest', async () => {
    await sandbox.refund(id, 100_000);
    expect(await said(sandbox.refund(id, 150_001))).toEqual([
      400,
      'The refund amount provided is greater than amount captured',
    ]);
    expect(await said(sandbox.refund(id, 50_001))).toEqual([
      400,
      'The total refund amount is greater than the refund payment amount',
    ]);
    expect((await sandbox.refund(id, 50_000)).status).toBe(200);
  });

  it('has a minimum of 1.00 where it is documented, and everywhere on demand', async () => {
    for (const amount of [99, 0, -100]) {
      expect(await said(sandbox.refund(id, amount))).toEqual([400, 'The amount must be at least MYR 1.00']);
    }
    const dollars = await sandbox.payment({ amount: { value: '10.00', currency: 'USD' } });
    expect((await sandbox.refund(dollars, 99)).status).toBe(200);
    await sandbox.mode({ minimumRefund: 'everywhere' });
    expect(await said(sandbox.refund(dollars, 99))).toEqual([400, 'The amount must be at least USD 1.00']);
    const rupees = await sandbox.payment({ amount: { value: '10.00', currency: 'INR' } });
    expect(await said(sandbox.refund(rupees, 99))).toEqual([400, 'The amount must be at least INR 1.00']);
    expect((await sandbox.refund(rupees, 99, { speed: 'optimum' })).status).toBe(200);
  });

  it.each([
    [{ colour: 'red', size: 1 }, 'colour, size is/are not required and should not be sent'],
    [{ currency: 'MYR' }, 'currency is/are not required and should not be sent'],
    [{ speed: 'fast' }, 'The selected speed is invalid.'],
    [{ speed: 'optimum' }, 'The selected speed is invalid.'],
    [{ receipt: 'x'.repeat(41) }, 'The receipt must be a text of at most 40 characters.'],
    [{ receipt: 17 }, 'The receipt must be a text of at most 40 characters.'],
    [{ notes: 'x' }, 'The notes must be an object of at most 15 short texts.'],
    [{ notes: { a: 'x'.repeat(257) } }, 'The notes must be an object of at most 15 short texts.'],
    [{ notes: { a: { b: 1 } } }, 'The notes must be an object of at most 15 short texts.'],
    [
      { notes: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, 'v'])) },
      'The notes must be an object of at most 15 short texts.',
    ],
  ])('refuses %j', async (extra, description) => {
    expect(await said(sandbox.refund(id, 100, extra))).toEqual([400, description]);
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it.each(['authorized', 'pending'])('refuses a payment that is %s', async (status) => {
    const other = await sandbox.payment({ status });
    expect(await said(sandbox.refund(other, 100))).toEqual([
      400,
      'The payment status should be captured for action to be taken',
    ]);
  });

  it('tells malformed ids from unknown ones, and upper case from lower', async () => {
    const other = id.replace(/[A-Za-z](?=[^A-Za-z]*$)/, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    expect(await said(sandbox.refund(other, 100))).toEqual([400, 'The id provided does not exist']);
    for (const wrong of ['pay_short', 'rfnd_SimRefund00001', id.toUpperCase()]) {
      expect(await said(sandbox.refund(wrong, 100))).toEqual([400, `${wrong} is not a valid id`]);
    }
  });

  it('checks in the documented order: key, id, body, amount, state, rest, age, balance', async () => {
    await sandbox.mode({ balanceMinor: '0' });
    const old = await sandbox.payment({ createdAt: '2026-01-01T00:00:00Z', amount: myr('10.00') });
    const authorized = await sandbox.payment({ status: 'authorized', amount: myr('10.00') });
    const steps: [string, unknown, Json, string | undefined, RegExp][] = [
      ['pay_bad', 1.5, { x: 1 }, 'short', /idempotency key must be at least 10/],
      ['pay_bad', 1.5, { x: 1 }, undefined, /not a valid id/],
      ['pay_AAAAAAAAAAAAAA', 1.5, { x: 1 }, undefined, /does not exist/],
      [authorized, 1.5, { x: 1 }, undefined, /should not be sent/],
      [authorized, 1.5, {}, undefined, /must be an integer/],
      [authorized, 5, {}, undefined, /must be at least/],
      [authorized, 5_000, {}, undefined, /should be captured/],
      [old, 5_000, {}, undefined, /greater than amount captured/],
      [old, 500, {}, undefined, /more than 6 months old/],
      [id, 500, {}, undefined, /does not have enough balance/],
    ];
    for (const [paymentId, amount, extra, key, description] of steps) {
      expect(await said(sandbox.refund(paymentId, amount, extra, key))).toEqual([
        400,
        expect.stringMatching(description),
      ]);
    }
  });

  it('refuses a receipt that was used on the account before, unless it is told not to', async () => {
    await sandbox.refund(id, 100, { receipt: 'R-1' });
    const second = await sandbox.payment();
    const reply = await sandbox.refund(second, 100, { receipt: 'R-1' });
    expect(reply).toMatchObject({ status: 400, body: { error: { field: 'receipt' } } });
    expect(descriptionOf(reply)).toMatch(/receipt/);
    const foreign = await sandbox.payment({ account: 'razorpay-other' });
    const other = { account: 'acc_SimSub00000002', body: { amount: 100, receipt: 'R-1' } };
    expect((await sandbox.api('POST', `/payments/${foreign}/refund`, other)).status).toBe(200);
    await sandbox.mode({ duplicateReceipts: 'accept' });
    expect((await sandbox.refund(second, 100, { receipt: 'R-1' })).status).toBe(200);
  });

  it('closes after six months, to the second, in two wordings', async () => {
    const inMonths = (amount: Json) => sandbox.payment({ amount, createdAt: '2026-05-22T10:00:00Z' });
    const ringgit = await inMonths(myr('10.00'));
    const rupees = await inMonths({ value: '10.00', currency: 'INR' });
    expect((await sandbox.refund(ringgit, 100)).status).toBe(200);
    await sandbox.advance(1);
    const late = await sandbox.refund(ringgit, 100);
    expect(late).toMatchObject({
      status: 400,
      body: { error: { code: 'BAD_REQUEST_ERROR', source: null, step: null, reason: null } },
    });
    expect(descriptionOf(late)).toBe(
      'Refund is not supported by the bank because the payment is more than 6 months old',
    );
    expect(await said(sandbox.refund(rupees, 100))).toEqual([
      400,
      'Payment is more than 6 months old, only instant refund is supported',
    ]);
    expect((await sandbox.refund(rupees, 100, { speed: 'optimum' })).status).toBe(200);
  });

  it('refuses what is not JSON, and emojis on demand', async () => {
    expect(await said(sandbox.api('POST', `/payments/${id}/refund`, { body: '{' }))).toEqual([
      400,
      'The request body is not valid JSON',
    ]);
    const form = { body: 'amount=100', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect((await sandbox.api('POST', `/payments/${id}/refund`, form)).status).toBe(400);
    expect((await sandbox.refund(id, 100, { notes: { mood: '🎉' } })).status).toBe(200);
    await sandbox.mode({ failOnEmoji: true });
    const reply = await sandbox.refund(id, 100, { notes: { mood: '🎉' } });
    expect(reply).toMatchObject({ status: 500, body: { error: { code: 'SERVER_ERROR' } } });
  });

  it('says it in other words when it is told to', async () => {
    await sandbox.mode({ texts: { fullyRefunded: 'Nichts mehr da', amountMinimum: 'Zu wenig: {currency}' } });
    expect(await said(sandbox.refund(id, 1))).toEqual([400, 'Zu wenig: MYR']);
    await sandbox.refund(id, 150_000);
    expect(await said(sandbox.refund(id, 100))).toEqual([400, 'Nichts mehr da']);
  });
});
