import { XMLParser } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, rub } from '../harness.ts';
import {
  hash,
  LOGIN,
  P2,
  resultOf,
  type RobokassaHarness,
  SERVICE,
  startRobokassa,
  stateOf,
  textOf,
} from './harness.ts';

const NOW = Date.parse('2026-11-22T10:00:05.123Z');

describe('robokassa OpStateExt', () => {
  let sandbox: RobokassaHarness;
  beforeEach(async () => {
    sandbox = await startRobokassa({ seed: false, realNow: () => NOW });
  });
  afterEach(() => sandbox.close());

  it('shows a paid operation with the sums of shop and buyer', async () => {
    const id = await sandbox.payment({
      amount: rub('1000.00'),
      paidByBuyer: rub('1035.00'),
      createdAt: '2026-11-20T09:15:31.447Z',
    });
    const reply = await sandbox.state(id);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/xml; charset=utf-8']);
    const document: unknown = new XMLParser({
      parseTagValue: false,
      ignoreAttributes: false,
      isArray: (name) => name === 'Field',
    }).parse(reply.text);
    expect(document).toMatchObject({
      OperationStateResponse: {
        '@_xmlns': 'http://merchant.roboxchange.com/WebService/',
        Result: { Code: '0' },
        State: {
          Code: '100',
          RequestDate: '2026-11-22T13:00:05.1230000+03:00',
          StateDate: '2026-11-20T12:15:31.4470000+03:00',
        },
        Info: {
          IncCurrLabel: 'BankCard',
          IncSum: '1035.000000',
          IncAccount: expect.stringMatching(/^555555\*{6}\d{4}$/) as string,
          PaymentMethod: { Code: 'BankCard', Description: 'BankCard' },
          OutCurrLabel: 'RUR',
          OutSum: '1000.000000',
          OpKey: expect.stringMatching(/^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}-\w{10}$/) as string,
          BankCardRRN: expect.stringMatching(/^\d{12}$/) as string,
        },
        UserField: { Field: [{ Name: 'order', Value: 'A-77' }] },
      },
    });
  });

  it('answers a POST form like a GET, and no other verb', async () => {
    const id = await sandbox.payment();
    const form = { MerchantLogin: LOGIN, InvoiceID: id, Signature: hash([LOGIN, id, P2]).toUpperCase() };
    const url = `${sandbox.robokassaUrl}${SERVICE}/OpStateExt`;
    const posted = await call(url, { method: 'POST', body: new URLSearchParams(form) });
    expect(posted.text).toBe((await sandbox.state(id)).text);
    expect((await call(url, { method: 'DELETE' })).status).toBe(405);
  });

  it.each(['MD5', 'RIPEMD160', 'SHA1', 'SHA256', 'SHA384', 'SHA512'])(
    'takes %s when it is the shop’s',
    async (algorithm) => {
      const id = await sandbox.payment();
      const Signature = hash([LOGIN, id, P2], algorithm.toLowerCase());
      await sandbox.mode({ hash: algorithm });
      expect(stateOf(await sandbox.state(id, { Signature }))).toBe('100');
      await sandbox.mode({ hash: algorithm === 'MD5' ? 'SHA1' : 'MD5' });
      expect(resultOf(await sandbox.state(id, { Signature }))).toBe('1');
    },
  );

  it('refuses with HTTP 200 and a code, without state or info', async () => {
    const id = await sandbox.payment();
    const foreign = await sandbox.payment({ account: 'robokassa-other' });
    const replies = [
      await sandbox.state(id, { Signature: hash([LOGIN, id, 'pass1-secret']) }),
      await sandbox.state(id, { MerchantLogin: 'nobody' }),
      await sandbox.state('999'),
      await sandbox.state(foreign),
    ];
    for (const code of ['4', '1000']) {
      await sandbox.fault({ operation: 'getPayment', kind: 'refuse', code });
      replies.push(await sandbox.state(id));
    }
    expect(replies.map(resultOf)).toEqual(['1', '2', '3', '3', '4', '1000']);
    for (const { status, text } of replies) {
      expect(status).toBe(200);
      expect(text).not.toMatch(/<State>|<Info>/);
    }
  });

  it('leaves a description out when it is configured to be empty', async () => {
    expect(textOf(await sandbox.state('999'), 'Description')).toBe('Operation is not found');
    await sandbox.mode({ texts: { unknownInvoice: '' } });
    const reply = await sandbox.state('999');
    expect([resultOf(reply), textOf(reply, 'Description')]).toEqual(['3', undefined]);
  });

  it('shows every state, and card details only where a card paid', async () => {
    for (const state of ['5', '10', '20', '50', '60', '80', '100']) {
      const id = await sandbox.payment({ state });
      const reply = await sandbox.state(id);
      expect(stateOf(reply)).toBe(state);
      expect(textOf(reply, 'BankCardRRN') !== undefined).toBe(state !== '5' && state !== '10');
      expect((await sandbox.ledger(id)).status).toBe(state);
    }
    const states = await Promise.all(
      ['captured', 'authorized', 'pending'].map(async (status) =>
        stateOf(await sandbox.state(await sandbox.payment({ status }))),
      ),
    );
    expect(states).toEqual(['100', '20', '5']);
  });

  it('does not change when money is refunded', async () => {
    const id = await sandbox.payment();
    const before = (await sandbox.state(id)).text;
    expect((await sandbox.refund(id, 400)).body['success']).toBe(true);
    expect((await sandbox.refund(id)).body['success']).toBe(true);
    expect((await sandbox.state(id)).text).toBe(before);
  });

  it('writes the other namespace and two decimals when told so', async () => {
    const id = await sandbox.payment();
    await sandbox.mode({ xmlNamespace: 'auth', decimals: 2 });
    const reply = await sandbox.state(id);
    expect(reply.text).toContain(' xmlns="http://auth.robokassa.ru/Merchant/WebService/"');
    expect([textOf(reply, 'OutSum'), textOf(reply, 'IncSum')]).toEqual(['1500.00', '1500.00']);
  });

  it('credits a payment by itself when it is told after how long', async () => {
    const id = await sandbox.payment({ state: '50' });
    await sandbox.advance(86_400);
    expect(stateOf(await sandbox.state(id))).toBe('50');
    await sandbox.mode({ creditAfterSeconds: 90_000 });
    expect(stateOf(await sandbox.state(id))).toBe('50');
    expect((await sandbox.refund(id, 1)).body['success']).toBe(false);
    await sandbox.advance(3_600);
    expect(stateOf(await sandbox.state(id))).toBe('100');
    expect((await sandbox.refund(id, 1)).body['success']).toBe(true);
  });

  it('knows no other method of the web service and no other path', async () => {
    const unknown = await call(`${sandbox.robokassaUrl}${SERVICE}/OpReturn`, { method: 'POST' });
    expect([unknown.status, unknown.text]).toEqual([500, 'OpReturn Web Service method name is not valid.']);
    expect((await call(`${sandbox.robokassaUrl}/`, {})).status).toBe(404);
    expect((await call(`${sandbox.robokassaUrl}/RefundService/Refund/List`, {})).status).toBe(404);
  });
});
