import { afterAll, beforeAll, expect, it } from 'vitest';
import { prismProvider } from '../../../src/providers/prism/index.ts';
import type { LoadedLibrary } from '../../../src/providers/prism/library.ts';
import type { ProviderAdapter, RefundOrder } from '../../../src/providers/provider.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import { accounts, type Account, type Bench, KEY, openBench, orderOf } from './bench.ts';

/** The built-in adapter takes the place of connector stripe: both say the same, whichever sends it. */
export function equivalenceTests(load: () => Promise<LoadedLibrary>): void {
  let bench: Bench;
  let native: Account;
  let substitute: ProviderAdapter;
  beforeAll(async () => {
    bench = await openBench(await load());
    native = bench.atSandbox('stripe');
    const missing = { kind: 'missing', message: 'It is not here.' } as const;
    const provider = await prismProvider({ stripe }, () => Promise.resolve(missing)).load!();
    substitute = provider.adapterOf({}, accounts.stripe);
  });
  afterAll(() => bench.close());

  it('says that it takes the place', () => {
    expect(substitute.availability).toEqual({
      kind: 'substituted',
      message: 'The built-in Stripe adapter does the work of connector stripe. It is not here.',
    });
    expect(native.adapter.availability).toBeUndefined();
    expect([substitute.code, substitute.variant]).toEqual([native.adapter.code, native.adapter.variant]);
  });

  it.each([
    [1n, 'EUR'],
    [999_999n, 'USD'],
    [500n, 'JPY'],
    [12_340n, 'KWD'],
    [500n, 'UGX'],
    [500n, 'MGA'],
  ] as const)('is the same refund of %s minor units of %s', (minor, currency) => {
    const order = orderOf('pi_SimPayment0001', minor, {
      amount: { minor, currency },
      reason: 'DUPLICATE',
      metadata: { b: '2', a: '1' },
    });
    const [left, right] = [native.adapter.buildRefund(order), substitute.buildRefund(order)];
    expect([left.method, left.path]).toEqual([right.method, right.path]);
    expect(left.headers['Idempotency-Key']).toBe(right.headers['Idempotency-Key']);
    expect(right.headers['Idempotency-Key']).toBe(KEY);
    const { 'metadata[is_refund_id_as_reference]': mark, ...fields } = fieldsOf(left.body);
    expect(mark).toBe('true');
    expect(fields).toEqual(fieldsOf(right.body));
    expect(fields['metadata[order_id]']).toBe(KEY);
  });

  it.each([
    ['KWD', 12_345n],
    ['EUR', 0n],
    ['IQD', 1_000n],
  ] as const)('is no refund in %s of %s, by either of them', (currency, minor) => {
    const order = orderOf('pi_SimPayment0001', minor, { amount: { minor, currency } });
    for (const adapter of [native.adapter, substitute]) {
      expect(adapter.checkRefund(order)).toMatchObject([{ path: ['amount'] }]);
      expect(() => adapter.buildRefund(order)).toThrow(RangeError);
    }
  });

  it.each(['native first', 'substitute first'])(
    'never makes a second refund of one key: %s',
    async (turn) => {
      const pi = await bench.payment('stripe');
      const order = orderOf(pi, 4_000n, {
        providerKey: KEY.replace('0', turn === 'native first' ? 'a' : 'b'),
      });
      const adapters = [native.adapter, substitute];
      if (turn === 'substitute first') adapters.reverse();
      const [first, second] = adapters;
      const send = (adapter: ProviderAdapter, built: RefundOrder = order) =>
        adapter.sendRefund(native.access, adapter.buildRefund(built), built, () => true);
      expect(await send(first!)).toMatchObject({ kind: 'accepted' });
      // The bodies differ by what the library adds, so that the key is known with other content.
      expect(await send(second!)).toMatchObject({ kind: 'unknown', isKeyConflict: true });
      expect((await bench.sandbox.ledger(pi)).refunds).toHaveLength(1);
    },
  );

  it.each(['native', 'substitute'])(
    'sends the stored bytes of %s by the other, as one refund',
    async (maker) => {
      const pi = await bench.payment('stripe');
      const order = orderOf(pi, 4_000n, { providerKey: KEY.replace('0', maker === 'native' ? 'c' : 'd') });
      const [made, other] = maker === 'native' ? [native.adapter, substitute] : [substitute, native.adapter];
      const stored = made.buildRefund(order);
      const first = await made.sendRefund(native.access, stored, order, () => true);
      const again = await other.sendRefund(native.access, stored, order, () => true);
      if (first.kind !== 'accepted') throw new Error(first.kind);
      expect(again).toMatchObject({
        kind: 'accepted',
        refund: { providerRefundId: first.refund.providerRefundId },
      });
      expect((await bench.sandbox.ledger(pi)).refunds).toHaveLength(1);
    },
  );
}

const fieldsOf = (body: string | null): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body ?? ''));
