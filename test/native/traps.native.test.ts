import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Flow, requestOf, resultOf } from './halves.ts';
import { configOf, type Fields, money, prism, secret, types } from './prism.ts';
import { type Recorder, startRecorder } from './recorder.ts';

/** A refund of Stripe with everything that the library insists on. */
const STRIPE_REFUND = {
  id: 're_1',
  object: 'refund',
  amount: 100,
  currency: 'eur',
  payment_intent: 'pi_1',
  charge: 'ch_1',
  metadata: { order_id: 'ref_001' },
  status: 'succeeded',
};
const REFUND: Fields = {
  merchantRefundId: 'ref_001',
  connectorTransactionId: 'pi_1',
  refundAmount: money(100),
};
const CONNECTORS = ['stripe', 'adyen', 'checkout'];

let stripe: Recorder;
let payments: InstanceType<typeof prism.PaymentClient>;

beforeAll(async () => {
  stripe = await startRecorder();
  payments = new prism.PaymentClient(configOf('stripe', { baseUrl: stripe.baseUrl }));
});
beforeEach(() => {
  stripe.requests.length = 0;
  stripe.answer = { status: 200, body: STRIPE_REFUND };
});
afterAll(() => stripe.close());

const refundOf = (connector: string, extra: Fields): Fields =>
  JSON.parse(requestOf(connector, 'refund', { ...REFUND, ...extra }).body) as Fields;
const stripeResult = (body: unknown, flow: Flow = 'refund'): Fields =>
  resultOf('stripe', flow, { ...REFUND, connectorRefundId: 're_1', amount: money(1) }, { status: 200, body });

describe('trap 1: no idempotency key', () => {
  it('reaches Stripe: the same refund twice is two identical requests', async () => {
    await payments.refund(REFUND);
    await payments.refund(REFUND);
    const [first, second] = stripe.requests;
    expect(first).toMatchObject({ method: 'POST', url: '/v1/refunds' });
    expect(second?.body).toBe(first?.body);
    expect(first?.headers).not.toHaveProperty('idempotency-key');
    expect(stripe.requests).toHaveLength(2);
  });

  it.each(CONNECTORS)('is in the request half of %s', (connector) => {
    const names = Object.keys(requestOf(connector, 'refund', { ...REFUND, merchantRequestId: 'k' }).headers);
    expect(names.filter((name) => /idempot|request-id/i.test(name))).toEqual([]);
  });
});

describe('trap 2: the currency', () => {
  it('is not in the request of Stripe and not compared with the answer', async () => {
    const result = await payments.refund({ ...REFUND, refundAmount: money(100, 'USD') });
    expect(stripe.requests[0]?.body).toBe(
      'amount=100&payment_intent=pi_1&metadata%5Border_id%5D=ref_001&metadata%5Bis_refund_id_as_reference%5D=true',
    );
    expect(result['status']).toBe(types['RefundStatus']!['REFUND_SUCCESS']);
    expect((result['rawConnectorResponse'] as Fields)['value']).toContain('"currency":"eur"');
  });

  it('is not in the request of checkout, but in that of adyen', () => {
    const refundAmount = money(100, 'USD');
    expect(refundOf('checkout', { refundAmount })).toEqual({ amount: 100, reference: 'ref_001' });
    expect(refundOf('adyen', { refundAmount })).toMatchObject({ amount: { currency: 'USD', value: 100 } });
  });

  it('of a payment is only the echo of the question', () => {
    const answer = { id: 'pay_1', status: 'Captured', amount: 7, currency: 'EUR', _links: {} };
    const asked = { connectorTransactionId: 'pay_1', amount: money(9_900, 'USD') };
    const { amount } = resultOf('checkout', 'get', asked, { status: 200, body: answer });
    expect(amount).toMatchObject({ currency: types['Currency']!['USD'] });
    expect(Number((amount as Fields)['minorAmount'])).toBe(9_900);
  });
});

describe('trap 3: a failed refund', () => {
  it('resolves with status 0 and the refund id in the wrong field', async () => {
    stripe.answer = {
      status: 200,
      body: { ...STRIPE_REFUND, status: 'failed', failure_reason: 'lost_or_stolen_card' },
    };
    const result = await payments.refund(REFUND);
    expect(result['status']).toBe(0);
    expect(result['connectorRefundId']).toBeFalsy();
    expect(result['error']).toMatchObject({
      connectorDetails: { message: 'lost_or_stolen_card', connectorTransactionId: 're_1' },
    });
  });
});

describe('trap 4: good answers that throw', () => {
  it.each([
    ['status canceled', { status: 'canceled' }],
    ['an unknown status', { status: 'under_review' }],
    ['no payment intent', { payment_intent: null }],
    ['an expanded payment intent', { payment_intent: { id: 'pi_1' } }],
    ['no metadata', { metadata: undefined }],
  ])('%s', async (_name, change) => {
    stripe.answer = { status: 200, body: { ...STRIPE_REFUND, ...change } };
    const error: unknown = await payments.refund(REFUND).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(prism.ConnectorError);
    expect(error).toMatchObject({ errorCode: 'RESPONSE_DESERIALIZATION_FAILED', httpStatusCode: 200 });
  });
});

describe('trap 5: amounts', () => {
  const amountOf = (connector: string, minorAmount: unknown): unknown => {
    const { body } = requestOf(connector, 'refund', { ...REFUND, refundAmount: money(minorAmount) });
    if (connector === 'stripe') return Number(new URLSearchParams(body).get('amount'));
    const { amount } = JSON.parse(body) as { amount: number | { value: number } };
    return typeof amount === 'number' ? amount : amount.value;
  };

  it.each(CONNECTORS)('of %s lose what is no integer number, and may be zero or less', (connector) => {
    const given = [500n, 1.5, -5, 0];
    expect(given.map((minor) => amountOf(connector, minor))).toEqual([0, 1, -5, 0]);
  });

  it.each(CONNECTORS)('of %s are exact as numbers and as digits', (connector) => {
    const given = [1, 12_345, Number.MAX_SAFE_INTEGER, '9007199254740991'];
    expect(given.map((minor) => amountOf(connector, minor))).toEqual([
      1,
      12_345,
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it.each(CONNECTORS)('of %s are minor units in every currency', (connector) => {
    for (const currency of ['JPY', 'KWD', 'HUF', 'TWD', 'UGX']) {
      const { body } = requestOf(connector, 'refund', { ...REFUND, refundAmount: money(12_345, currency) });
      expect(body).toMatch(/\b12345\b/);
    }
  });

  it.each(['ISK', 'KPW', 'CUC'])('in %s are refused', (currency) => {
    expect(() => requestOf('adyen', 'refund', { ...REFUND, refundAmount: money(1, currency) })).toThrow(
      expect.objectContaining({ errorCode: 'INVALID_DATA_FORMAT' }),
    );
  });
});

describe('trap 6: what is dropped', () => {
  const EXTRA = {
    reason: 'CUSTOMER REQUEST',
    metadata: secret('{"a":"b"}'),
    refundMetadata: secret('{"c":"d"}'),
    paymentAmount: 1_000,
    merchantAccountId: 'other',
  };

  it('by Stripe and checkout: reason and both kinds of metadata', () => {
    for (const connector of ['stripe', 'checkout']) {
      const plain = requestOf(connector, 'refund', REFUND);
      expect(requestOf(connector, 'refund', { ...REFUND, ...EXTRA })).toEqual(plain);
    }
  });

  it('by adyen: all but the reason, which is passed on as it is', () => {
    expect(refundOf('adyen', { ...EXTRA, reason: 'anything' })).toEqual({
      merchantAccount: 'SimDemoECOM',
      amount: { currency: 'EUR', value: 100 },
      merchantRefundReason: 'anything',
      reference: 'ref_001',
    });
  });
});

describe('trap 9: URLs', () => {
  const environment = types['Environment']!['PRODUCTION'];
  const defaultUrl = (connector: string, extra: Fields = {}): string =>
    requestOf(connector, 'refund', REFUND, { ...extra, baseUrl: undefined, environment }).url;

  it('of production are wrong for checkout and adyen', () => {
    expect(defaultUrl('stripe')).toMatch(/^https:\/\/api\.stripe\.com\//);
    expect(defaultUrl('checkout')).toMatch(/^https:\/\/api\.sandbox\.checkout\.com\//);
    expect(defaultUrl('adyen', { endpointPrefix: 'mine' })).toContain('{{merchant_endpoint_prefix}}');
  });

  it.each(CONNECTORS)('of %s are glued together without a slash', (connector) => {
    const { url } = requestOf(connector, 'refund', REFUND, { baseUrl: 'http://127.0.0.1:80' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:80(?:v1|v68|payments)\//);
  });

  it('have ids that are not encoded', () => {
    const connectorTransactionId = '../x?y=1#z';
    const refund = { ...REFUND, connectorTransactionId };
    expect(requestOf('adyen', 'refund', refund).url).toContain('/v68/payments/../x?y=1#z/refunds');
    expect(requestOf('checkout', 'refund', refund).url).toContain('/payments/../x?y=1#z/refunds');
    const { url } = requestOf('stripe', 'refundGet', { connectorRefundId: '../charges?x=1' });
    expect(url).toContain('/v1/refunds/../charges?x=1');
  });
});

describe('trap 10: what the published pages show', () => {
  it('is no configuration', () => {
    const published = { connector: 'stripe', apiKey: 'sk_test_1', environment: 'sandbox' };
    expect(() => new prism.PaymentClient(published)).toThrow(prism.NetworkError);
  });

  it('is no amount', () => {
    const { refundAmount: _, ...rest } = REFUND;
    expect(() => requestOf('stripe', 'refund', { ...rest, amount: money(1) })).toThrow(
      expect.objectContaining({ errorCode: 'MISSING_REQUIRED_FIELD' }),
    );
  });

  it('is no method of the client', () => {
    const refunds = new prism.RefundClient(configOf('stripe', { baseUrl: stripe.baseUrl }));
    expect(Object.keys({ get: 0, sync: 0, createRefund: 0 }).filter((name) => name in refunds)).toEqual([]);
    expect(refunds.refundGet).toBeTypeOf('function');
  });

  it('makes credentials empty when they are bare texts', () => {
    const { headers } = requestOf('stripe', 'refund', REFUND, { apiKey: 'sk_test_1' });
    expect(headers['authorization']).toBe('Bearer ');
    expect(requestOf('adyen', 'refund', REFUND, { apiKey: 'key' }).headers['x-api-key']).toBe('');
  });
});

describe('the statuses of Stripe', () => {
  it.each([
    ['succeeded', 4],
    ['pending', 3],
    ['requires_action', 2],
  ])('%s is %i, at creation and when asked again', (status, mapped) => {
    const body = { ...STRIPE_REFUND, status };
    expect(stripeResult(body)['status']).toBe(mapped);
    expect(stripeResult(body, 'refundGet')['status']).toBe(mapped);
  });
});
