import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signatureOf } from '../../../sandbox/robokassa/signature.ts';
import { rub } from '../harness.ts';
import { startReceiver } from '../webhook-receiver.ts';
import { LOGIN, resultOf, type RobokassaHarness, startRobokassa, stateOf, textOf } from './harness.ts';

const INVOICE = '12345';
const FULL =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJPcEtleSI6IjBDMUQyRTNGLTRBNUItNEM2RC04RTdGLTkwQTFCMkMzRDRFNS14MVkyejNXNHY1In0.BWMBqQWIulLCNGDErMfPCgc3oHW0ZkRnVnNR1wrjPj8';
const PARTIAL =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJPcEtleSI6IjBDMUQyRTNGLTRBNUItNEM2RC04RTdGLTkwQTFCMkMzRDRFNS14MVkyejNXNHY1IiwiUmVmdW5kU3VtIjo1MC4yNX0.UymRvHlBdHuYmiFi7BlvsX-Nq9xtK5EFMinBYKcG1r8';
const HS512 =
  'eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJPcEtleSI6IjBDMUQyRTNGLTRBNUItNEM2RC04RTdGLTkwQTFCMkMzRDRFNS14MVkyejNXNHY1IiwiUmVmdW5kU3VtIjo1MC4yNX0.EUfZmK1-7rpyLq3ppVXPMHDpkQzAwgsMxbsU9oWE2ZiwabudGtq9qfLD3BsRVMLQ5oVqjmvSfZcSJGDGEpbkKA';
const ALIASED =
  'eyJ0eXAiOiJKV1QiLCJhbGciOiJTSEEyNTYifQ.eyJPcEtleSI6IjBDMUQyRTNGLTRBNUItNEM2RC04RTdGLTkwQTFCMkMzRDRFNS14MVkyejNXNHY1IiwiUmVmdW5kU3VtIjo1MC4yNX0.flKzBd1sfGbV0LzKhPs2UvIXQ-x9j05wiyREW8EEbvA';

describe('robokassa test vectors', () => {
  let sandbox: RobokassaHarness;
  beforeEach(async () => {
    sandbox = await startRobokassa({ seed: true });
  });
  afterEach(() => sandbox.close());

  it.each([
    ['MD5', 'fd162d2c8f799945b35772d82f517376'],
    ['SHA256', '4b2e2ab9996aaf183b140ce6988f25c43243a48dc4970d12f0132d9081f5c27c'],
  ])('OpStateExt with %s', async (algorithm, signature) => {
    await sandbox.mode({ hash: algorithm });
    expect(stateOf(await sandbox.state(INVOICE, { Signature: signature }))).toBe('100');
    const wrong = signature.replace(/^./, '0');
    expect(resultOf(await sandbox.state(INVOICE, { Signature: wrong }))).toBe('1');
  });

  it.each([
    ['full', FULL, '150000'],
    ['partial', PARTIAL, '5025'],
    ['partial, HS512', HS512, '5025'],
    ['partial, as one published client sends it', ALIASED, '5025'],
  ])('refund JWT: %s', async (_name, token, amountMinor) => {
    const { status, body } = await sandbox.createRaw(`"${token}"`);
    expect([status, body]).toEqual([
      200,
      { success: true, message: null, requestId: expect.any(String) as string },
    ]);
    expect((await sandbox.ledger(INVOICE)).refunds).toMatchObject([{ amountMinor, status: 'finished' }]);
  });

  it.each([
    ['MD5', '6BFC3E380E4D4EC72907671B2C78B068'],
    ['SHA256', 'B937BE2002F3E6D677187ED04019E9116708A46506FDBFEF8E303DFD7B45277A'],
  ])('v1 partial refund with %s', async (algorithm, signature) => {
    await sandbox.mode({ v1: 'on', hash: algorithm });
    const reply = await sandbox.v1(
      'OpRefund',
      `<RefundRequest><MerchantLogin>${LOGIN}</MerchantLogin><InvoiceID>${INVOICE}</InvoiceID><Amount>50.00</Amount><SignatureValue>${signature}</SignatureValue></RefundRequest>`,
    );
    expect([textOf(reply, 'Code'), textOf(reply, 'State')]).toEqual(['0', '5']);
    expect((await sandbox.ledger(INVOICE)).refunds).toMatchObject([{ amountMinor: '5000' }]);
  });

  it('v1 full refund and its status', async () => {
    await sandbox.mode({ v1: 'on' });
    const fields = `<MerchantLogin>${LOGIN}</MerchantLogin><InvoiceID>${INVOICE}</InvoiceID><SignatureValue>D88BB9876855A3FFB28372360F789399</SignatureValue>`;
    const made = await sandbox.v1('OpRefund', `<RefundRequest>${fields}</RefundRequest>`);
    expect(textOf(made, 'Code')).toBe('0');
    const asked = await sandbox.v1('OpRefundStatus', `<RefundStatusRequest>${fields}</RefundStatusRequest>`);
    expect([textOf(asked, 'Code'), textOf(asked, 'State')]).toEqual(['0', '5']);
    expect((await sandbox.ledger(INVOICE)).refunds).toMatchObject([{ amountMinor: '150000' }]);
  });

  it('SuccessURL', () => {
    expect(signatureOf('MD5', ['100.000000', INVOICE, 'pass1-secret', 'Shp_order=A-77'])).toBe(
      'A5A547E414C8C1F87699DBC544AECAB8',
    );
  });
});

describe('robokassa test vectors of a payment of 100.00', () => {
  let sandbox: RobokassaHarness;
  beforeEach(async () => {
    sandbox = await startRobokassa();
  });
  afterEach(() => sandbox.close());
  const hundred = { reference: INVOICE, amount: rub('100.00') };

  it('hold Confirm', async () => {
    await sandbox.payment({ ...hundred, status: 'authorized' });
    const form = {
      MerchantLogin: LOGIN,
      InvoiceID: INVOICE,
      OutSum: '100.00',
      SignatureValue: '192192471001c5ae7b29a31a11eb39dd',
    };
    expect((await sandbox.hold('Confirm', form, [])).status).toBe(200);
    expect(stateOf(await sandbox.state(INVOICE))).toBe('100');
  });

  it('hold Cancel', async () => {
    await sandbox.payment({ ...hundred, status: 'authorized' });
    const form = {
      MerchantLogin: LOGIN,
      InvoiceID: INVOICE,
      OutSum: '100.00',
      SignatureValue: 'bbb180af05ce1c49fd368933e1166eb6',
    };
    expect((await sandbox.hold('Cancel', form, [])).status).toBe(200);
    expect(stateOf(await sandbox.state(INVOICE))).toBe('60');
  });

  it('ResultURL', async () => {
    const receiver = await startReceiver(() => `OK${INVOICE}`);
    const webhooks = { provider: 'robokassa', mode: 'on', url: receiver.url };
    await sandbox.mode({ notifications: ['ResultURL'] });
    await sandbox.control('POST', '/control/webhooks', webhooks);
    await sandbox.payment(hundred);
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(1);
    receiver.close();
    const form = new URLSearchParams(receiver.received[0]?.raw);
    expect(Object.fromEntries(form)).toMatchObject({
      OutSum: '100.000000',
      InvId: INVOICE,
      Shp_order: 'A-77',
      SignatureValue: 'F0A95F1CFF474B609F2984EA0B5A1C24',
    });
  });
});
