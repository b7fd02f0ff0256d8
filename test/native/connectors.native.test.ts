import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PrismHarness, startPrism } from '../sandbox/prism/harness.ts';
import { startReceiver } from '../sandbox/webhook-receiver.ts';
import { eventOf, requestOf, resultOf } from './halves.ts';
import { configOf, type Fields, money, prism, types } from './prism.ts';

type Payments = InstanceType<typeof prism.PaymentClient>;
type Refunds = InstanceType<typeof prism.RefundClient>;

const MANUAL = types['CaptureMethod']!['MANUAL'];

let sandbox: PrismHarness;
let adyen: { payments: Payments; refunds: Refunds };
let checkout: { payments: Payments; refunds: Refunds };

beforeAll(async () => {
  sandbox = await startPrism();
  const clientsOf = (connector: string) => {
    const config = configOf(connector, { baseUrl: `${sandbox.prismUrl}/${connector}/` });
    return { payments: new prism.PaymentClient(config), refunds: new prism.RefundClient(config) };
  };
  adyen = clientsOf('adyen');
  checkout = clientsOf('checkout');
});
afterEach(async () => {
  await sandbox.control('DELETE', '/control/faults');
  await sandbox.mode({ refunds: 'instant' });
});
afterAll(() => sandbox.close());

const refundOf = (connectorTransactionId: string, minor = 4_000, extra: Fields = {}): Fields => ({
  merchantRefundId: 'ref_001',
  connectorTransactionId,
  refundAmount: money(minor),
  ...extra,
});
const thrownBy = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const detailsOf = (error: unknown): unknown =>
  ((error as { proto: Fields }).proto['errorInfo'] as Fields | undefined)?.['connectorDetails'];

describe('adyen through the library', () => {
  it('makes a refund that is pending whatever becomes of it', async () => {
    const psp = await sandbox.adyenPayment();
    const made = await adyen.payments.refund(refundOf(psp, 4_000, { reason: 'RETURN' }));
    const doomed = await adyen.payments.refund(refundOf(psp, 15_000));
    expect(made).toMatchObject({ status: 3, statusCode: 201, connectorTransactionId: psp });
    expect(doomed['status']).toBe(3);
    expect((await sandbox.ledger(psp)).refunds).toMatchObject([
      { id: made['connectorRefundId'], status: 'succeeded', amountMinor: '4000', ourReference: 'ref_001' },
      { id: doomed['connectorRefundId'], status: 'failed' },
    ]);
  });

  it('makes a second refund of the same reference', async () => {
    const psp = await sandbox.adyenPayment();
    await adyen.payments.refund(refundOf(psp));
    await adyen.payments.refund(refundOf(psp));
    expect((await sandbox.ledger(psp)).refunds).toHaveLength(2);
  });

  it('takes any status word for pending, and any amount', async () => {
    const psp = await sandbox.adyenPayment();
    await sandbox.fault({ operation: 'createRefund', kind: 'unknown-status' });
    await sandbox.fault({ operation: 'createRefund', kind: 'wrong-amount' });
    expect((await adyen.payments.refund(refundOf(psp)))['status']).toBe(3);
    expect((await adyen.payments.refund(refundOf(psp)))['status']).toBe(3);
  });

  it('reads neither refunds nor payments', async () => {
    const psp = await sandbox.adyenPayment();
    const ids = { connectorTransactionId: psp, refundId: psp, connectorRefundId: psp };
    expect(await thrownBy(adyen.refunds.refundGet(ids))).toMatchObject({ errorCode: 'NOT_IMPLEMENTED' });
    const asked = { connectorTransactionId: psp, amount: money(1) };
    expect(await thrownBy(adyen.payments.get(asked))).toBeInstanceOf(prism.IntegrationError);
  });

  it('shows errors by number, without their type', async () => {
    const error = await thrownBy(adyen.payments.refund(refundOf('UNKNOWN000000000')));
    expect(error).toMatchObject({ errorCode: 'CONNECTOR_ERROR_RESPONSE', httpStatusCode: 422 });
    expect(detailsOf(error)).toMatchObject({ code: '167' });
    expect(JSON.stringify(error)).not.toContain('validation');
  });

  it('asks for a cancel, which is pending whatever becomes of it', async () => {
    const held = await sandbox.adyenPayment({ status: 'authorized' });
    const captured = await sandbox.adyenPayment();
    for (const psp of [held, captured]) {
      const cancel = { merchantVoidId: 'void_1', connectorTransactionId: psp };
      expect(await adyen.payments.void(cancel)).toMatchObject({
        status: types['PaymentStatus']!['PENDING'],
        connectorTransactionId: psp,
        merchantVoidId: 'void_1',
      });
    }
    expect([(await sandbox.ledger(held)).voided, (await sandbox.ledger(captured)).voided]).toEqual([
      true,
      false,
    ]);
  });

  it('verifies and understands the sandbox’s notifications, and no lies', async () => {
    const receiver = await startReceiver();
    const psp = await sandbox.adyenPayment();
    const webhooks = (mode: string) =>
      sandbox.control('POST', '/control/webhooks', { provider: 'prism', mode, url: receiver.url });
    const { body } = await sandbox.control('GET', '/control/credentials?provider=prism');
    const secret = (body['prism'] as Record<string, string>[])[0]?.['hmacKey'];
    const told = (raw: string) =>
      eventOf('adyen', {
        webhookSecrets: { secret },
        requestDetails: {
          method: types['HttpMethod']!['HTTP_METHOD_POST'],
          uri: '/hook',
          headers: {},
          body: Buffer.from(raw),
        },
      });
    await webhooks('on');
    const refund = await adyen.payments.refund(refundOf(psp));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    await webhooks('forge');
    await adyen.payments.refund(refundOf(psp));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(3));
    await webhooks('off');
    const [truth, ...lies] = receiver.received.map(({ raw }) => told(raw));
    expect(truth).toMatchObject({
      sourceVerified: true,
      eventContent: {
        refundsResponse: { status: 4, connectorRefundId: refund['connectorRefundId'] },
      },
    });
    expect(lies.map(({ sourceVerified }) => Boolean(sourceVerified))).toEqual([false, false]);
    receiver.close();
  });
});

describe('checkout through the library', () => {
  const refundGet = (id: string, action: unknown): Promise<Fields> =>
    checkout.refunds.refundGet({ connectorTransactionId: id, refundId: action, connectorRefundId: action });

  it('calls a refund successful that is only accepted', async () => {
    const id = await sandbox.checkoutPayment();
    await sandbox.mode({ refunds: 'pending' });
    const made = await checkout.payments.refund(refundOf(id));
    expect(made).toMatchObject({ status: 4, statusCode: 202, connectorTransactionId: id });
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { id: made['connectorRefundId'], status: 'pending', ourReference: 'ref_001' },
    ]);
    expect((await refundGet(id, made['connectorRefundId']))['status']).toBe(3);
  });

  it.each([
    ['succeeded', 4],
    ['failed', 1],
  ])('learns from the actions that a refund %s', async (status, mapped) => {
    const id = await sandbox.checkoutPayment();
    await sandbox.mode({ refunds: 'pending' });
    const { connectorRefundId } = await checkout.payments.refund(refundOf(id));
    await sandbox.settle({ refundId: connectorRefundId, status });
    expect(await refundGet(id, connectorRefundId)).toMatchObject({ status: mapped, connectorRefundId });
  });

  it('refunds euros for dollars and calls it a success', async () => {
    const id = await sandbox.checkoutPayment();
    const made = await checkout.payments.refund(refundOf(id, 4_000, { refundAmount: money(4_000, 'USD') }));
    expect(made['status']).toBe(4);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ currency: 'EUR', amountMinor: '4000' }]);
  });

  it('throws while the action is not listed', async () => {
    const id = await sandbox.checkoutPayment();
    const { connectorRefundId } = await checkout.payments.refund(refundOf(id));
    await sandbox.fault({ operation: 'listRefunds', kind: 'list-lag', seconds: 60 });
    expect(await thrownBy(refundGet(id, connectorRefundId))).toMatchObject({
      errorCode: 'RESPONSE_HANDLING_FAILED',
      httpStatusCode: 200,
    });
  });

  it('shows the first error code, and none for an answer without a body', async () => {
    const id = await sandbox.checkoutPayment();
    const exceeds = await thrownBy(checkout.payments.refund(refundOf(id, 15_001)));
    expect(exceeds).toMatchObject({ errorCode: 'CONNECTOR_ERROR_RESPONSE', httpStatusCode: 422 });
    expect(detailsOf(exceeds)).toMatchObject({ code: 'refund_amount_exceeds_balance' });
    const unknown = await thrownBy(checkout.payments.refund(refundOf('pay_unknown0000000000000000000')));
    expect(unknown).toMatchObject({ errorCode: 'CONNECTOR_ERROR_RESPONSE', httpStatusCode: 404 });
    expect(detailsOf(unknown)).toBeUndefined();
  });

  it('takes a hold for charged unless it is told that capture is manual', async () => {
    const id = await sandbox.checkoutPayment({ status: 'authorized' });
    const asked = { connectorTransactionId: id, amount: money(15_000) };
    const { CHARGED, AUTHORIZED } = types['PaymentStatus']!;
    expect((await checkout.payments.get(asked))['status']).toBe(CHARGED);
    expect((await checkout.payments.get({ ...asked, captureMethod: MANUAL }))['status']).toBe(AUTHORIZED);
  });

  it('reads every status of a payment that the sandbox has', async () => {
    const { AUTHENTICATION_PENDING, CHARGED, PARTIAL_CHARGED, VOIDED } = types['PaymentStatus']!;
    const status = async (id: string): Promise<unknown> => {
      const asked = { connectorTransactionId: id, amount: money(1), captureMethod: MANUAL };
      return (await checkout.payments.get(asked))['status'];
    };
    const id = await sandbox.checkoutPayment();
    expect(await status(id)).toBe(CHARGED);
    await sandbox.checkoutRefund(id, 5_000);
    expect(await status(id)).toBe(CHARGED);
    await sandbox.checkoutRefund(id, 10_000);
    expect(await status(id)).toBe(CHARGED);
    expect(await status(await sandbox.checkoutPayment({ status: 'pending' }))).toBe(AUTHENTICATION_PENDING);
    const captured = { value: '1.00', currency: 'EUR' };
    expect(await status(await sandbox.checkoutPayment({ captured }))).toBe(PARTIAL_CHARGED);
    const held = await sandbox.checkoutPayment({ status: 'authorized' });
    await checkout.payments.void({ merchantVoidId: 'void_1', connectorTransactionId: held });
    expect(await status(held)).toBe(VOIDED);
    await sandbox.fault({ operation: 'getPayment', kind: 'unknown-status' });
    await expect(status(id)).rejects.toMatchObject({ errorCode: 'RESPONSE_DESERIALIZATION_FAILED' });
  });

  it('names a void by its action, and sends the payment’s id as reference', async () => {
    const id = await sandbox.checkoutPayment({ status: 'authorized' });
    const request = { merchantVoidId: 'void_1', connectorTransactionId: id };
    expect(JSON.parse(requestOf('checkout', 'void', request).body)).toEqual({ reference: id });
    expect(await checkout.payments.void(request)).toMatchObject({
      status: types['PaymentStatus']!['VOIDED'],
      connectorTransactionId: expect.stringMatching(/^act_/),
    });
    expect(detailsOf(await thrownBy(checkout.payments.void(request)))).toMatchObject({
      code: 'void_not_allowed',
    });
  });
});

describe('the two halves', () => {
  const baseUrlOf = (connector: string): string => `${sandbox.prismUrl}/${connector}/`;

  /** A refund by the halves, with the HTTP between them done here. */
  async function refundByHalves(connector: string, fields: Fields): Promise<Fields> {
    const config = { baseUrl: baseUrlOf(connector) };
    const { method, url, headers, body } = requestOf(connector, 'refund', fields, config);
    const answer = await fetch(url, { method, headers, body, redirect: 'manual' });
    return resultOf(connector, 'refund', fields, { status: answer.status, body: await answer.text() });
  }

  it.each([
    ['adyen', 3],
    ['checkout', 4],
  ])('do at %s what the high-level client does', async (connector, status) => {
    const id = await sandbox.payment({ connector });
    const client = connector === 'adyen' ? adyen : checkout;
    const { body: before } = await sandbox.control('GET', '/control/requests');
    const byHalves = await refundByHalves(connector, refundOf(id));
    const byClient = await client.payments.refund(refundOf(id));
    expect([byHalves['status'], byClient['status']]).toEqual([status, status]);
    const since = `/control/requests?since=${String(before['next'])}`;
    const { body: log } = await sandbox.control('GET', since);
    const [one, other] = log['requests'] as Fields[];
    expect([one?.['method'], one?.['path'], one?.['bodyHash']]).toEqual([
      other?.['method'],
      other?.['path'],
      other?.['bodyHash'],
    ]);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(2);
  });

  it.each(['adyen', 'checkout', 'stripe'])('make the same bytes for %s every time', (connector) => {
    const bodies = new Set(
      Array.from({ length: 20 }, () => requestOf(connector, 'refund', refundOf('ID1')).body),
    );
    expect(bodies.size).toBe(1);
  });

  it.each([
    ['adyen', 'merchantAccount'],
    ['adyen', 'paymentPspReference'],
    ['adyen', 'pspReference'],
    ['adyen', 'reference'],
    ['adyen', 'status'],
    ['checkout', 'action_id'],
    ['checkout', 'reference'],
  ])('cannot read a refund of %s without %s', (connector, field) => {
    const whole: Fields =
      connector === 'checkout'
        ? { action_id: 'act_1', reference: 'r1' }
        : {
            merchantAccount: 'M',
            paymentPspReference: 'P1',
            pspReference: 'R1',
            reference: 'r1',
            status: 'received',
          };
    const status = connector === 'checkout' ? 202 : 201;
    expect(() => resultOf(connector, 'refund', refundOf('ID1'), { status, body: whole })).not.toThrow();
    const { [field]: _, ...body } = whole;
    expect(() => resultOf(connector, 'refund', refundOf('ID1'), { status, body })).toThrow(
      expect.objectContaining({ errorCode: 'RESPONSE_DESERIALIZATION_FAILED', httpStatusCode: status }),
    );
  });

  it.each([200, 201])('take %i of checkout for a failure', (status) => {
    const body = { action_id: 'act_1', reference: 'r1' };
    const result = resultOf('checkout', 'refund', refundOf('pay_1'), { status, body });
    expect(result['status']).toBe(types['RefundStatus']!['REFUND_FAILURE']);
  });

  it('cannot read the actions of checkout when one of them is of another kind', () => {
    const ids = { connectorTransactionId: 'pay_1', connectorRefundId: 'act_1' };
    const mine = { id: 'act_1', type: 'Refund', amount: 100, approved: true };
    const read = (...body: Fields[]): Fields => resultOf('checkout', 'refundGet', ids, { status: 200, body });
    expect(read({ ...mine, type: 'Capture' })['status']).toBe(4);
    expect(() => read(mine, { id: 'act_2', type: 'Expiry', amount: 1 })).toThrow(
      expect.objectContaining({ errorCode: 'RESPONSE_DESERIALIZATION_FAILED' }),
    );
  });
});
