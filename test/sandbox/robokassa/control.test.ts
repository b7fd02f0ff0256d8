import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/robokassa/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../../sandbox/robokassa/settings.ts';
import { type Json, rub } from '../harness.ts';
import { type RobokassaHarness, startRobokassa, stateOf, textOf } from './harness.ts';

describe('robokassa under the control API', () => {
  let sandbox: RobokassaHarness;
  beforeEach(async () => {
    sandbox = await startRobokassa({ seed: true });
  });
  afterEach(() => sandbox.close());

  const post = (path: string, body: Json) =>
    sandbox.control('POST', `/control/${path}`, { provider: 'robokassa', ...body });

  it('tells the credentials that it accepts and where', async () => {
    await sandbox.mode({ hash: 'SHA512' });
    const { body } = await sandbox.control('GET', '/control/credentials?provider=robokassa');
    const where = {
      hashAlgorithm: 'SHA512',
      jwtAlgorithm: 'HS256',
      baseUrl: sandbox.robokassaUrl,
      refundBaseUrl: `${sandbox.robokassaUrl}/RefundService`,
      resultUrl2Certificate: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/) as string,
    };
    expect(sandbox.robokassaUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(body['robokassa']).toEqual([
      {
        account: 'robokassa-demo',
        merchantLogin: 'demo-shop',
        password1: 'pass1-secret',
        password2: 'pass2-secret',
        password3: 'pass3-secret',
        ...where,
      },
      {
        account: 'robokassa-other',
        merchantLogin: 'other-shop',
        password1: 'other-pass1-secret',
        password2: 'other-pass2-secret',
        password3: 'other-pass3-secret',
        ...where,
      },
    ]);
  });

  it('starts with ready payments of every kind under fixed invoices', async () => {
    const { body } = await sandbox.control('GET', '/control/payments?provider=robokassa');
    expect(body['payments']).toEqual(
      DEMO_PAYMENTS.map(({ reference, account, description }) => ({
        provider: 'robokassa',
        reference,
        account,
        description,
      })),
    );
    for (const { reference, account, state } of DEMO_PAYMENTS) {
      expect(await sandbox.ledger(reference)).toMatchObject({ account, status: String(state) });
    }
    expect((await sandbox.ledger('12346')).refunds).toMatchObject([
      { origin: 'console', amountMinor: '40000', providerKey: null, ourReference: null },
    ]);
    const dear = await sandbox.state('12350');
    expect([textOf(dear, 'OutSum'), textOf(dear, 'IncSum')]).toEqual(['1000.000000', '1035.000000']);
    expect((await sandbox.refund('12346', 1_100.01)).body['success']).toBe(false);
  });

  it('keeps one payment as asked', async () => {
    const reference = '9223372036854775807';
    const input = {
      account: 'other-shop',
      reference,
      amount: rub('100.00'),
      captured: rub('60.00'),
      method: 'SBP',
    };
    expect((await post('payments', input)).body).toEqual({ reference });
    expect(await sandbox.ledger(reference)).toMatchObject({
      account: 'robokassa-other',
      capturedMinor: '6000',
      releasedMinor: '4000',
      currency: 'RUB',
    });
    const made = [await sandbox.payment(), await sandbox.payment()];
    expect(new Set(made).size).toBe(2);
    for (const invoice of made) expect(invoice).toMatch(/^[1-9]\d*$/);
  });

  it.each([
    ['payments', { amount: rub('1.00'), sources: [{ account: 'a', amount: rub('1.00') }] }, 'sources'],
    ['payments', { amount: rub('1.00'), connector: 'adyen' }, 'connector'],
    ['payments', { amount: { value: '1.00', currency: 'USD' } }, 'amount.currency'],
    ['payments', { amount: rub('1.00'), account: 'x' }, 'account'],
    ['payments', { amount: rub('1.00'), reference: '0' }, 'reference'],
    ['payments', { amount: rub('1.00'), reference: '9223372036854775808' }, 'reference'],
    ['payments', { amount: rub('1.00'), reference: '12345' }, 'reference'],
    ['payments', { amount: rub('1.00'), state: '42' }, 'state'],
    ['payments', { amount: rub('1.00'), paidByBuyer: rub('0.00') }, 'paidByBuyer.value'],
    ['payments', { amount: rub('1.00'), captured: rub('2.00') }, 'captured.value'],
    ['payments', { amount: rub('1.00'), status: 'authorized', method: 'SBP' }, 'method'],
    [
      'payments',
      { amount: rub('1.00'), items: [{ id: '1', title: 'x', quantity: 'two', unitPrice: rub('1.00') }] },
      'items.0.quantity',
    ],
    ['settle', { all: true, status: 'failed' }, 'status'],
    ['settle', { all: true, status: 'reversed' }, 'status'],
    ['settle', { all: true, status: 'canceled', reason: 'why_not' }, 'reason'],
    ['settle', { all: true, status: 'succeeded', trace: { kind: 'rrn' } }, 'trace'],
    ['settle', { refundId: 'x', status: 'succeeded' }, 'refundId'],
    ['mode', { hash: 'CRC32' }, 'hash'],
    ['mode', { decimals: 3 }, 'decimals'],
    ['mode', { surprise: 1 }, 'surprise'],
    ['console-refund', { reference: '77', amount: rub('1.00') }, 'reference'],
    ['console-refund', { reference: '12347', amount: rub('1.00') }, 'reference'],
    ['console-refund', { reference: '12345', amount: rub('1500.01') }, 'amount'],
    ['console-refund', { reference: '12345', amount: rub('1.00'), source: { account: 'a' } }, 'source'],
  ])('refuses %s %j naming %s and changes nothing', async (path, body, field) => {
    const before = (await sandbox.control('GET', '/control/ledger')).text;
    expect(await post(path, body)).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await sandbox.control('GET', '/control/ledger')).text).toBe(before);
  });

  it.each([{ paidByBuyer: rub('2.00') }, { state: '50' }])('alone understands %j', async (extra) => {
    const payment = { amount: rub('1.00'), ...extra };
    expect((await post('payments', payment)).status).toBe(200);
    for (const provider of ['yookassa', 'razorpay']) {
      expect(await post('payments', { ...payment, provider })).toMatchObject({
        status: 400,
        body: { error: { field: Object.keys(extra)[0] } },
      });
    }
  });

  it('logs requests as the cabinet would, with the shop they are about', async () => {
    await sandbox.refund('12345', 1);
    const { body } = await sandbox.control('GET', '/control/requests?provider=robokassa');
    expect(body['requests']).toMatchObject([
      { operation: 'getPayment', account: 'robokassa-demo', effect: false, status: 200 },
      { operation: 'createRefund', account: 'robokassa-demo', effect: true, providerKey: null },
    ]);
  });

  it('resets to the beginning', async () => {
    await sandbox.mode({ hash: 'SHA1', v1: 'on' });
    await sandbox.refund('12345');
    await sandbox.control('POST', '/control/reset', {});
    expect((await sandbox.ledger('12345')).refunds).toEqual([]);
    const { body } = await sandbox.control('GET', '/control/mode?provider=robokassa');
    expect(body['modes']).toEqual([{ provider: 'robokassa', ...DEFAULT_SETTINGS }]);
  });
});

describe('robokassa with a journal', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'robokassa-journal-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('remembers payments, refunds, modes, what waits for the clock, and the signing key', async () => {
    const journal = join(directory, 'journal.jsonl');
    const first = await startRobokassa({ journal, seed: false });
    const id = await first.payment();
    const held = await first.payment({ status: 'authorized' });
    await first.mode({ refunds: 'pending', settleAfterSeconds: 3_600 });
    const before = (await first.state(id)).text.replace(/<RequestDate>[^<]*/, '');
    const webhooks = '/control/webhooks?provider=robokassa';
    const key = (await first.control('GET', webhooks)).text;
    const { requestId } = (await first.refund(id, 1_499)).body; // nothing after it writes the journal
    await first.close();

    const second = await startRobokassa({ journal, seed: false });
    expect((await second.state(id)).text.replace(/<RequestDate>[^<]*/, '')).toBe(before);
    expect((await second.refund(id, 1.01)).body['message']).toBe('NotEnoughOperationFunds');
    expect((await second.refundState(requestId)).body['label']).toBe('processing');
    expect((await second.control('GET', webhooks)).text).toBe(key);
    await second.advance(8 * 86_400);
    expect((await second.refundState(requestId)).body['label']).toBe('finished');
    expect(stateOf(await second.state(held))).toBe('60');
    await second.close();
  });
});
