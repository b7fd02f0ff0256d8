import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoadedLibrary } from '../../../src/providers/prism/library.ts';
import type { RefundOrder, SendOutcome } from '../../../src/providers/provider.ts';
import { type Account, accounts, type Bench, type Connector, KEY, openBench, orderOf } from './bench.ts';

const connectors = ['stripe', 'adyen', 'checkout'] as const;

/** What the adapters do at the simulators, by the library's requests; the same for the library and for a fake of it. */
export function adapterTests(load: () => Promise<LoadedLibrary>): void {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(await load());
  });
  afterEach(async () => {
    await bench.sandbox.control('DELETE', '/control/faults');
    await bench.sandbox.mode({ refunds: 'instant' });
  });
  afterAll(() => bench.close());

  // A key of its own for every test: stripe remembers them.
  let keys = 0;
  let key = KEY;
  beforeEach(() => {
    keys += 1;
    key = KEY.slice(0, 36) + String(keys).padStart(4, '0');
  });

  const refund = async (
    connector: Connector,
    paymentId: string,
    minor = 4_000n,
    more: Partial<RefundOrder> = {},
  ): Promise<SendOutcome> => {
    const { adapter, send } = bench.atSandbox(connector);
    const order = orderOf(paymentId, minor, { providerKey: key, ...more });
    return send(adapter.buildRefund(order), order);
  };
  const fault = (connector: Connector, kind: string, more: object = {}) =>
    bench.sandbox.fault({
      provider: connector === 'stripe' ? 'stripe' : 'prism',
      operation: 'createRefund',
      kind,
      ...more,
    });
  const refundsOf = async (id: string) => (await bench.sandbox.ledger(id)).refunds;
  const acceptedId = (outcome: SendOutcome): string => {
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome.failure));
    return outcome.refund.providerRefundId;
  };
  const read = (
    { adapter, access }: Account,
    paymentId: string,
    providerRefundId: string,
    createdAt = new Date(),
  ) =>
    adapter.readRefund(access, {
      providerRefundId,
      providerPaymentId: paymentId,
      amount: { minor: 4_000n, currency: 'EUR' },
      createdAt,
    });

  describe.each(connectors)('a refund by %s', (connector) => {
    const first = connector === 'stripe' ? 'SUCCEEDED' : 'PENDING';

    it('is made once, of exactly this amount and with our reference', async () => {
      const id = await bench.payment(connector);
      const outcome = await refund(connector, id);
      expect(outcome).toMatchObject({
        kind: 'accepted',
        refund: { status: first, amount: { minor: 4_000n, currency: 'EUR' }, ourReference: key },
        evidence: { prismStatus: connector === 'adyen' ? 'PENDING' : 'SUCCESS' },
      });
      expect(await refundsOf(id)).toMatchObject([
        { id: acceptedId(outcome), amountMinor: '4000', currency: 'EUR', ourReference: key },
      ]);
    });

    it('may be of the whole payment, or of the rest', async () => {
      const id = await bench.payment(connector);
      acceptedId(await refund(connector, id, 5_000n));
      acceptedId(await refund(connector, id, 10_000n, { providerKey: key.replaceAll('0', 'f') }));
      const amounts = (await refundsOf(id)).map(({ amountMinor }) => Number(amountMinor));
      expect(amounts.toSorted((left, right) => left - right)).toEqual([5_000, 10_000]);
    });

    it.each([
      ['lost-before-effect', 0],
      ['lost-after-effect', 1],
      ['error-after-effect', 1],
      ['cut-body', 1],
      ['garbage', 1],
    ])('whose answer is %s is unknown', async (kind, made) => {
      const id = await bench.payment(connector);
      await fault(connector, kind);
      expect(await refund(connector, id)).toMatchObject({
        kind: 'unknown',
        failure: { code: 'UNKNOWN_OUTCOME' },
      });
      expect(await refundsOf(id)).toHaveLength(made);
    });

    it('is put off, not refused, by refused credentials and a rate limit', async () => {
      const id = await bench.payment(connector);
      await fault(connector, 'unauthorized');
      expect(await refund(connector, id)).toMatchObject({
        kind: 'deferred',
        failure: { code: 'AUTHENTICATION_FAILED' },
      });
      await fault(connector, 'rate-limited');
      expect(await refund(connector, id)).toMatchObject({
        kind: 'deferred',
        failure: { code: 'RATE_LIMITED' },
      });
      expect(await refundsOf(id)).toHaveLength(0);
    });

    it('has no secret in its stored bytes, in its evidence or in the log', async () => {
      const { adapter, send } = bench.atSandbox(connector);
      const order = orderOf(await bench.payment(connector), 4_000n, { providerKey: key });
      const request = adapter.buildRefund(order);
      const outcome = await send(request, order);
      const {
        merchantAccount: _,
        connector: __,
        accountId: ___,
        ...secrets
      } = accounts[connector] as Record<string, string>;
      const kept = JSON.stringify({ request, evidence: outcome.evidence }) + bench.logged();
      for (const secret of Object.values(secrets)) expect(kept).not.toContain(secret);
      expect(Object.keys(request.headers).join()).not.toMatch(/authorization|api-key/i);
      expect(bench.logged()).toContain('POST');
    });

    it('has the same bytes every time', async () => {
      const { adapter } = bench.atSandbox(connector);
      const id = await bench.payment(connector);
      const made = Array.from({ length: 20 }, () => JSON.stringify(adapter.buildRefund(orderOf(id, 4_000n))));
      expect(new Set(made).size).toBe(1);
    });
  });

  describe('adyen', () => {
    it.each(['merchantAccount', 'paymentPspReference', 'pspReference', 'reference', 'status'])(
      'has said nothing that can be read without %s',
      async (field) => {
        const account = bench.atRecorder('adyen');
        const order = orderOf('SIMPSP0000000001', 4_000n);
        const whole = received();
        bench.recorder.answer = { status: 201, body: whole };
        expect(await account.send(account.adapter.buildRefund(order), order)).toMatchObject({
          kind: 'accepted',
        });
        const { [field]: _, ...body } = whole;
        bench.recorder.answer = { status: 201, body };
        expect(await account.send(account.adapter.buildRefund(order), order)).toMatchObject({
          kind: 'unknown',
        });
      },
    );

    it.each([
      [{ amount: { currency: 'USD', value: 4_000 } }, { refund: { amount: { currency: 'USD' } } }],
      [{ amount: { currency: 'EUR', value: 3_900 } }, { refund: { amount: { minor: 3_900n } } }],
      [{ amount: { currency: 'XXQ', value: 4_000 } }, { kind: 'unknown' }],
      [{ reference: 'of-another' }, { kind: 'unknown' }],
      [{ paymentPspReference: 'OTHERPSP00000001' }, { kind: 'unknown' }],
      [{ status: 'authorised' }, { refund: { status: 'UNRECOGNISED', rawStatus: 'authorised' } }],
    ])('is taken by its raw answer: %j', async (change, outcome) => {
      const account = bench.atRecorder('adyen');
      const order = orderOf('SIMPSP0000000001', 4_000n);
      bench.recorder.answer = { status: 201, body: received(change) };
      expect(await account.send(account.adapter.buildRefund(order), order)).toMatchObject(outcome);
    });

    it('refuses what it does not know, and what its words are for', async () => {
      expect(await refund('adyen', 'UNKNOWN000000000')).toMatchObject({
        kind: 'refused',
        failure: { code: 'PAYMENT_NOT_FOUND', providerCode: '167' },
      });
      const id = await bench.payment('adyen', { amount: { value: '5.00', currency: 'USD' } });
      expect(await refund('adyen', id)).toMatchObject({
        kind: 'refused',
        failure: { code: 'PROVIDER_REJECTED' },
      });
      await fault('adyen', 'forbidden');
      expect(await refund('adyen', id)).toMatchObject({ kind: 'deferred' });
    });

    it('cannot be asked about anything', async () => {
      const account = bench.atSandbox('adyen');
      const id = await bench.payment('adyen');
      expect(await account.adapter.readPayment(account.access, id)).toMatchObject({ kind: 'unavailable' });
      expect(await account.adapter.listRefunds(account.access, {})).toMatchObject({ kind: 'unavailable' });
      const refundId = acceptedId(await refund('adyen', id));
      expect(await read(account, id, refundId)).toMatchObject({ value: { status: 'PENDING' } });
    });
  });

  describe('checkout', () => {
    it.each([200, 201, 202])('takes %i for accepted, and for no more than that', async (status) => {
      const account = bench.atRecorder('checkout');
      const order = orderOf('pay_simsimsimsimsimsimsimsims0', 4_000n);
      bench.recorder.answer = { status, body: { action_id: 'act_1', reference: KEY } };
      expect(await account.send(account.adapter.buildRefund(order), order)).toMatchObject({
        kind: 'accepted',
        refund: { status: 'PENDING', providerRefundId: 'act_1' },
        evidence: { prismStatus: status === 202 ? 'SUCCESS' : expect.any(String) },
      });
    });

    it.each([
      ['succeeded', 'SUCCEEDED'],
      ['failed', 'FAILED'],
    ])('tells among the actions that a refund has %s', async (status, ours) => {
      await bench.sandbox.mode({ refunds: 'pending' });
      const id = await bench.payment('checkout');
      const account = bench.atSandbox('checkout');
      const refundId = acceptedId(await refund('checkout', id));
      expect(await read(account, id, refundId)).toMatchObject({ value: { status: 'PENDING' } });
      await bench.sandbox.settle({ refundId, status });
      expect(await read(account, id, refundId)).toMatchObject({
        value: { status: ours, amount: { minor: 4_000n, currency: 'EUR' }, ourReference: key },
      });
    });

    it('does not say that a refund is gone while its list may lag behind', async () => {
      const id = await bench.payment('checkout');
      const account = bench.atSandbox('checkout');
      const refundId = acceptedId(await refund('checkout', id));
      await fault('checkout', 'list-lag', { operation: 'listRefunds', seconds: 3_600, times: 2 });
      expect(await read(account, id, refundId)).toMatchObject({ kind: 'unavailable' });
      const old = new Date(Date.now() - 11 * 60_000);
      expect(await read(account, id, refundId, old)).toEqual({ kind: 'absent' });
    });

    it('shows a lost refund by our reference', async () => {
      const id = await bench.payment('checkout');
      await fault('checkout', 'lost-after-effect');
      await refund('checkout', id);
      const { adapter, access } = bench.atSandbox('checkout');
      expect(await adapter.listRefunds(access, { providerPaymentId: id })).toMatchObject({
        value: { refunds: [{ ourReference: key, amount: { minor: 4_000n } }], nextCursor: null },
      });
    });

    it('refuses for reasons that are known', async () => {
      const id = await bench.payment('checkout');
      expect(await refund('checkout', id, 15_001n)).toMatchObject({
        kind: 'refused',
        failure: { code: 'AMOUNT_EXCEEDS_REFUNDABLE' },
      });
      const held = await bench.payment('checkout', { status: 'authorized' });
      expect(await refund('checkout', held)).toMatchObject({
        kind: 'refused',
        failure: { code: 'PAYMENT_NOT_REFUNDABLE' },
      });
      expect(await refund('checkout', 'pay_unknown0000000000000000000')).toMatchObject({
        kind: 'refused',
        failure: { code: 'PAYMENT_NOT_FOUND' },
      });
    });

    it('is believed over its own refusal where the refund is there', async () => {
      const id = await bench.payment('checkout');
      await refund('checkout', id, 15_000n);
      expect(await refund('checkout', id, 15_000n)).toMatchObject({
        kind: 'accepted',
        refund: { ourReference: key },
      });
      expect(await refundsOf(id)).toHaveLength(1);
    });

    it('has payments in every state', async () => {
      const { adapter, access } = bench.atSandbox('checkout');
      const stateOf = async (more: Record<string, unknown>) => {
        const look = await adapter.readPayment(access, await bench.payment('checkout', more));
        return look.kind === 'found'
          ? [look.value.payment.state, look.value.payment.capturedMinor]
          : look.kind;
      };
      expect(await stateOf({})).toEqual(['CAPTURED', 15_000n]);
      expect(await stateOf({ captured: { value: '1.00', currency: 'EUR' } })).toEqual(['CAPTURED', 100n]);
      expect(await stateOf({ status: 'authorized' })).toEqual(['AUTHORIZED', 0n]);
      expect(await stateOf({ status: 'pending' })).toEqual(['PENDING', 0n]);
      expect(await adapter.readPayment(access, 'pay_unknown0000000000000000000')).toEqual({ kind: 'absent' });
    });

    it('cannot be asked where an action has no amount: the sums would be wrong', async () => {
      const account = bench.atRecorder('checkout');
      bench.recorder.answer = { status: 200, body: [{ id: 'act_1', type: 'Refund', approved: true }] };
      const old = new Date(Date.now() - 11 * 60_000);
      expect(await read(account, 'pay_simsimsimsimsimsimsimsims0', 'act_1', old)).toMatchObject({
        kind: 'unavailable',
      });
    });

    it('releases a hold, and says so only when the payment shows it', async () => {
      const { adapter, access } = bench.atSandbox('checkout');
      const held = await bench.payment('checkout', { status: 'authorized' });
      const target = { providerPaymentId: held, handles: {}, state: 'AUTHORIZED' as const };
      const sendVoid = (id: string) =>
        adapter.sendVoid(
          access,
          adapter.buildVoid({ ...target, providerPaymentId: id }, KEY),
          id,
          () => true,
        );
      expect(await sendVoid(held)).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED' } });
      expect(await sendVoid(await bench.payment('checkout'))).toMatchObject({
        kind: 'refused',
        payment: { state: 'CAPTURED' },
      });
    });
  });

  it('stripe asks by the built-in adapter, at the base URL without a version', async () => {
    const account = bench.atSandbox('stripe');
    const id = await bench.payment('stripe');
    const refundId = acceptedId(await refund('stripe', id));
    expect(await read(account, id, refundId)).toMatchObject({
      value: { status: 'SUCCEEDED', ourReference: key },
    });
    expect(await account.adapter.readPayment(account.access, id)).toMatchObject({
      value: { payment: { capturedMinor: 15_000n, refundedMinor: 4_000n } },
    });
    const held = await bench.payment('stripe', { status: 'authorized' });
    const request = account.adapter.buildVoid(
      { providerPaymentId: held, handles: {}, state: 'AUTHORIZED' },
      KEY,
    );
    expect(await account.adapter.sendVoid(account.access, request, held, () => true)).toMatchObject({
      kind: 'accepted',
      payment: { state: 'CANCELED' },
    });
  });
}

const received = (more: object = {}): Record<string, unknown> => ({
  merchantAccount: accounts.adyen.merchantAccount,
  paymentPspReference: 'SIMPSP0000000001',
  pspReference: 'SIMREF0000000001',
  reference: KEY,
  status: 'received',
  amount: { currency: 'EUR', value: 4_000 },
  ...more,
});
