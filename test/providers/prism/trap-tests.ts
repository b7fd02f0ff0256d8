import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prismProvider } from '../../../src/providers/prism/index.ts';
import type { Halves, LoadedLibrary, PrismLibrary } from '../../../src/providers/prism/library.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import { accounts, type Bench, type Connector, KEY, openBench, orderOf } from './bench.ts';

const PSP = 'SIMPSP0000000001';
const PAY = 'pay_simsimsimsimsimsimsimsims0';
const ids: Record<Connector, string> = { stripe: 'pi_SimPayment0001', adyen: PSP, checkout: PAY };
const connectors = Object.keys(ids) as Connector[];

const stripeRefund = (more: object = {}) => ({
  id: 're_1',
  object: 'refund',
  amount: 4_000,
  currency: 'eur',
  payment_intent: ids.stripe,
  charge: 'ch_1',
  created: 1_790_000_000,
  metadata: { order_id: KEY },
  status: 'succeeded',
  ...more,
});

/** What the library has that money was lost by, and how the adapters get around it: one test for each. */
export function trapTests(load: () => Promise<LoadedLibrary>): void {
  let bench: Bench;
  let loaded: LoadedLibrary & { kind: 'loaded' };
  beforeAll(async () => {
    const library = await load();
    if (library.kind === 'missing') throw new Error(library.message);
    loaded = library;
    bench = await openBench(library);
  });
  beforeEach(() => {
    bench.recorder.requests.length = 0;
    bench.recorder.answer = { status: 200, body: stripeRefund() };
  });
  afterAll(() => bench.close());

  const sendTo = (connector: Connector, order = orderOf(ids[connector], 4_000n)) => {
    const account = bench.atRecorder(connector);
    return account.send(account.adapter.buildRefund(order), order);
  };

  it('1: the idempotency key that the library leaves out is added, so that the same bytes are one refund', async () => {
    const pi = await bench.payment('stripe');
    const account = bench.atSandbox('stripe');
    const order = orderOf(pi, 4_000n);
    const request = account.adapter.buildRefund(order);
    expect(request.headers).toMatchObject({ 'Idempotency-Key': KEY });
    const [first, second] = [await account.send(request, order), await account.send(request, order)];
    expect(second).toMatchObject({ kind: 'accepted', refund: first.kind === 'accepted' ? first.refund : {} });
    expect((await bench.sandbox.ledger(pi)).refunds).toHaveLength(1);
  });

  describe('2: the currency is the raw one of the answer, never our own word', () => {
    it('of a refund at stripe', async () => {
      const outcome = await sendTo(
        'stripe',
        orderOf(ids.stripe, 4_000n, { amount: { minor: 4_000n, currency: 'USD' } }),
      );
      expect(outcome).toMatchObject({ refund: { amount: { minor: 4_000n, currency: 'EUR' } } });
    });

    it('of a payment at checkout, which is read before anything is sent', async () => {
      const { adapter, access } = bench.atSandbox('checkout');
      const look = await adapter.readPayment(access, await bench.payment('checkout'));
      expect(look).toMatchObject({ value: { payment: { amount: { minor: 15_000n, currency: 'EUR' } } } });
    });
  });

  it('3: a failed refund of stripe is FAILED, with its own id and its reason', async () => {
    bench.recorder.answer.body = stripeRefund({ status: 'failed', failure_reason: 'lost_or_stolen_card' });
    expect(await sendTo('stripe')).toMatchObject({
      kind: 'accepted',
      refund: {
        providerRefundId: 're_1',
        providerPaymentId: ids.stripe,
        status: 'FAILED',
        failure: { providerCode: 'lost_or_stolen_card' },
      },
    });
  });

  it.each([
    ['canceled', { status: 'canceled' }, { kind: 'accepted', refund: { status: 'CANCELED' } }],
    ['a new word', { status: 'under_review' }, { kind: 'accepted', refund: { status: 'UNRECOGNISED' } }],
    ['no metadata', { metadata: undefined }, { kind: 'accepted', refund: { status: 'SUCCEEDED' } }],
    ['no payment intent', { payment_intent: null }, { kind: 'unknown' }],
    ['an expanded one', { payment_intent: { id: 'pi_SimPayment0001' } }, { kind: 'unknown' }],
  ])('4: an answer for which the library throws is read: %s', async (_name, change, outcome) => {
    bench.recorder.answer.body = stripeRefund(change);
    expect(await sendTo('stripe')).toMatchObject(outcome);
  });

  describe('5: an amount is on the wire as it was meant, or is refused', () => {
    const wireAmount = (connector: Connector, minor: bigint): unknown => {
      const { body } = bench.atRecorder(connector).adapter.buildRefund(orderOf(ids[connector], minor));
      if (connector === 'stripe') return new URLSearchParams(body ?? '').get('amount');
      const { amount } = JSON.parse(body ?? '') as { amount: number | { value: number } };
      return String(typeof amount === 'number' ? amount : amount.value);
    };

    it.each(connectors)('at %s', (connector) => {
      for (const minor of [1n, 4_000n, 9_007_199_254_740_991n])
        expect(wireAmount(connector, minor)).toBe(minor.toString());
      for (const minor of [0n, -5n, 9_007_199_254_740_992n]) {
        const order = orderOf(ids[connector], minor);
        const { adapter } = bench.atRecorder(connector);
        expect(adapter.checkRefund(order)).toMatchObject([{ path: ['amount'] }]);
        expect(() => adapter.buildRefund(order)).toThrow(RangeError);
      }
    });

    it('in a currency that stripe counts otherwise than ISO 4217', () => {
      const inCurrency = (minor: bigint, currency: 'UGX' | 'MGA' | 'JPY' | 'KWD') => {
        const order = orderOf(ids.stripe, minor, { amount: { minor, currency } });
        const { body } = bench.atRecorder('stripe').adapter.buildRefund(order);
        return new URLSearchParams(body ?? '').get('amount');
      };
      expect(inCurrency(500n, 'UGX')).toBe('50000');
      expect(inCurrency(500n, 'MGA')).toBe('5');
      expect(inCurrency(500n, 'JPY')).toBe('500');
      expect(inCurrency(12_340n, 'KWD')).toBe('12340');
    });

    it.each(['ISK', 'KWD', 'IDR', 'CLP'] as const)(
      'not in %s, whose amount could be another one',
      (currency) => {
        for (const connector of ['adyen', 'checkout'] as const) {
          const order = orderOf(ids[connector], 1_000n, { amount: { minor: 1_000n, currency } });
          expect(bench.atRecorder(connector).adapter.checkRefund(order)).toMatchObject([
            { path: ['amount'] },
          ]);
        }
      },
    );

    it('not in a currency that the library refuses', () => {
      const order = orderOf(ids.stripe, 1_000n, { amount: { minor: 1_000n, currency: 'ISK' } });
      const { adapter } = bench.atRecorder('stripe');
      expect(adapter.checkRefund(order)).toMatchObject([{ path: ['amount'] }]);
      expect(() => adapter.buildRefund(order)).toThrow('ISK');
    });
  });

  describe('6: what the library drops', () => {
    it('is added for stripe: reason and metadata', async () => {
      await sendTo(
        'stripe',
        orderOf(ids.stripe, 4_000n, { reason: 'FRAUDULENT', metadata: { ticket: '7' } }),
      );
      const fields = new URLSearchParams(bench.recorder.requests[0]?.body);
      expect(fields.get('reason')).toBe('fraudulent');
      expect(fields.get('metadata[ticket]')).toBe('7');
      const clash = orderOf(ids.stripe, 4_000n, { metadata: { is_refund_id_as_reference: 'x' } });
      expect(bench.atRecorder('stripe').adapter.checkRefund(clash)).toHaveLength(1);
    });

    it.each([
      ['FRAUDULENT', 'FRAUD'],
      ['RETURNED_GOODS', 'RETURN'],
      ['REQUESTED_BY_CUSTOMER', 'CUSTOMER REQUEST'],
      ['DUPLICATE', 'DUPLICATE'],
      ['GOODWILL', 'OTHER'],
    ] as const)('is not what adyen takes: the reason %s is its word %s', (reason, word) => {
      const { body } = bench.atRecorder('adyen').adapter.buildRefund(orderOf(PSP, 100n, { reason }));
      expect(JSON.parse(body ?? '')).toMatchObject({ merchantRefundReason: word });
    });

    it.each(['adyen', 'checkout'] as const)('is refused at %s where it changes the refund', (connector) => {
      const { adapter } = bench.atRecorder(connector);
      const item = { item: 'a', quantityHundredths: 100n, amountMinor: 100n };
      const seller = { seller: 'a', amountMinor: 100n, platformFeeMinor: null };
      const order = orderOf(ids[connector], 100n, { items: [item], sources: [seller], speed: 'OPTIMUM' });
      expect(adapter.checkRefund(order).map(({ path }) => path[0])).toEqual(['speed', 'amount', 'sources']);
    });
  });

  it('7 and 8: no webhook is read by the library; how a refund ended is read from the provider', async () => {
    const called = new Set<string>();
    const halves = new Proxy(loaded.halves, {
      get(target, name) {
        called.add(String(name));
        const half = Reflect.get(target, name) as (...bytes: Buffer[]) => unknown;
        return half.bind(target);
      },
    }) as Halves;
    const watched = await openBench({ ...loaded, halves });
    const pi = await watched.payment('stripe');
    const account = watched.atSandbox('stripe');
    await watched.sandbox.fault({ provider: 'stripe', operation: 'createRefund', kind: 'pending' });
    const order = orderOf(pi, 4_000n);
    const sent = await account.send(account.adapter.buildRefund(order), order);
    if (sent.kind !== 'accepted') throw new Error(sent.kind);
    expect(sent.refund.status).toBe('PENDING');
    const { providerRefundId } = sent.refund;
    await watched.sandbox.settle({ refundId: providerRefundId, status: 'failed' });
    const known = { providerRefundId, providerPaymentId: pi, amount: order.amount, createdAt: new Date() };
    expect(await account.adapter.readRefund(account.access, known)).toMatchObject({
      value: { status: 'FAILED', providerRefundId },
    });
    expect([...called].toSorted()).toEqual(['refundReq', 'refundRes']);
    await watched.close();
  });

  it.each([
    ['stripe', '/base/v1/refunds'],
    ['adyen', `/base/v68/payments/${PSP}/refunds`],
    ['checkout', `/base/payments/${PAY}/refunds`],
  ] as const)('9: %s is called below the base URL of the account', async (connector, url) => {
    await sendTo(connector);
    expect(bench.recorder.requests[0]).toMatchObject({ method: 'POST', url });
  });

  it('9: there is no default base URL, and no id that leaves its place in a URL', async () => {
    expect(prismProvider({ stripe }).settings).not.toHaveProperty('defaultBaseUrl');
    for (const connector of connectors) {
      const { adapter, access } = bench.atRecorder(connector);
      for (const id of ['../x?y=1#z', '', 'a/b', `${ids[connector]}/..`]) {
        expect(adapter.checkRefund(orderOf(id, 100n))).toMatchObject([{ path: ['providerPaymentId'] }]);
        expect(() => adapter.buildRefund(orderOf(id, 100n))).toThrow(RangeError);
        const known = {
          providerRefundId: id,
          providerPaymentId: id,
          amount: { minor: 100n, currency: 'EUR' as const },
          createdAt: new Date(),
        };
        if (connector !== 'adyen') {
          expect(await adapter.readPayment(access, id)).toEqual({ kind: 'absent' });
          expect(await adapter.readRefund(access, known)).toEqual({ kind: 'absent' });
        }
      }
    }
    expect(bench.recorder.requests).toEqual([]);
  });

  it('10: the published clients are not used, and every secret reaches its header', async () => {
    const used = new Set<string | symbol>();
    const library = new Proxy(loaded.library, {
      get: (target, name) => (used.add(name), Reflect.get(target, name)),
    }) as PrismLibrary;
    const watched = await openBench({ ...loaded, library });
    for (const connector of connectors) {
      const account = watched.atRecorder(connector);
      const order = orderOf(ids[connector], 100n);
      await account.send(account.adapter.buildRefund(order), order);
    }
    expect([...used]).toEqual(['types']);
    const [atStripe, atAdyen, atCheckout] = watched.recorder.requests.map(({ headers }) => headers);
    expect(atStripe).toMatchObject({ authorization: `Bearer ${accounts.stripe.apiKey}` });
    expect(atAdyen).toMatchObject({ 'x-api-key': accounts.adyen.apiKey });
    expect(atCheckout).toMatchObject({ authorization: `Bearer ${accounts.checkout.apiSecret}` });
    await watched.close();
  });
}
