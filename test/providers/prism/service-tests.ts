import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RefundId } from '../../../src/ids.ts';
import type { LoadedLibrary } from '../../../src/providers/prism/library.ts';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import { pass, recordLog, statusOf } from '../../support/engine.ts';
import {
  armPrism,
  createPrismWorld,
  missingLibrary,
  type PrismAccount,
  prismCommand,
  prismPayment,
  prismRefund,
  providersWith,
} from '../../support/prism.ts';
import { clearFaults, expectSound, paymentRow, problemOf, refundRow, valueOf } from '../../support/rules.ts';
import type { TestWorld } from '../../support/world.ts';

const accounts: readonly PrismAccount[] = ['prism-demo', 'adyen-demo', 'checkout-demo'];
const day = 86_400;

/** The whole life of refunds through Prism, on a real database. */
export function serviceTests(name: string, load: () => Promise<LoadedLibrary>): void {
  const recorded = recordLog();
  let t: TestWorld;
  beforeAll(async () => {
    t = await createPrismWorld(name, await load(), recorded.log);
  });
  beforeEach(async () => {
    await clearFaults(t);
    for (const provider of ['prism', 'stripe']) await t.control('mode', { provider, refunds: 'instant' });
    recorded.clear();
  });
  afterAll(() => t.close());

  const refunded = async (account: PrismAccount, paymentId: string, minor?: bigint): Promise<RefundId> =>
    valueOf(await prismRefund(t, account, paymentId, minor)).refundId;
  const madeAt = async (paymentId: string): Promise<number> => (await t.ledgerOf(paymentId)).refunds.length;

  it.each(accounts)('refunds a part and then the rest by %s, and no more than that', async (account) => {
    const paymentId = await prismPayment(t, account);
    const part = await refunded(account, paymentId, 4_000n);
    expect(problemOf(await prismRefund(t, account, paymentId, 11_001n)).type).toBe('AmountExceedsRefundable');
    const rest = await refunded(account, paymentId, 11_000n);
    const ends = account === 'adyen-demo' ? 'PENDING' : 'SUCCEEDED';
    if (account === 'checkout-demo') await pass(t, t.world, 30);
    expect([await statusOf(t, part), await statusOf(t, rest)]).toEqual([ends, ends]);
    const { refunds } = await t.ledgerOf(paymentId);
    expect(refunds.map(({ amountMinor }) => Number(amountMinor)).toSorted((a, b) => a - b)).toEqual([
      4_000, 11_000,
    ]);
    // Adyen does not tell that the money has moved.
    if (account !== 'adyen-demo') await expectSound(t, paymentId);
  });

  it.each(accounts)('keeps no secret of %s in what is stored or logged', async (account) => {
    const refundId = await refunded(account, await prismPayment(t, account));
    const { attempts } = await refundRow(t, refundId);
    const secrets = /sk_test_Sim|AQE-sim|sk_sbox|pk_sbox|authorization|api-key|kept-by-the-transport/i;
    expect(JSON.stringify(attempts)).not.toMatch(secrets);
    expect(attempts[0]?.body).toContain(attempts[0]!.provider_key);
    expect(attempts[0]?.evidence).toHaveProperty('prismStatus');
  });

  it.each(['lost-before-effect', 'lost-after-effect'])(
    'by stripe, %s, sends the same bytes again',
    async (kind) => {
      const paymentId = await prismPayment(t, 'prism-demo');
      await armPrism(t, 'prism-demo', kind);
      const refundId = await refunded('prism-demo', paymentId);
      expect(await statusOf(t, refundId)).toBe('UNKNOWN');
      await pass(t, t.world, 30, 3);
      expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
      expect(await madeAt(paymentId)).toBe(1);
    },
  );

  it('by checkout finds a lost refund by our reference', async () => {
    const paymentId = await prismPayment(t, 'checkout-demo');
    await armPrism(t, 'checkout-demo', 'lost-after-effect');
    const refundId = await refunded('checkout-demo', paymentId);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, t.world, 30);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await madeAt(paymentId)).toBe(1);
  });

  it('by checkout never sends a second time, and hands what is not found to a person', async () => {
    const paymentId = await prismPayment(t, 'checkout-demo');
    await armPrism(t, 'checkout-demo', 'lost-before-effect');
    const refundId = await refunded('checkout-demo', paymentId);
    await pass(t, t.world, 1_800, 4);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, t.world, day, 2);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    expect((await refundRow(t, refundId)).attempts).toMatchObject([{ sends: 1 }]);
    expect(await madeAt(paymentId)).toBe(0);
    expect(recorded.alerts()).toContain('REFUND_NEEDS_VERDICT');
  });

  it.each([
    ['succeeded', 'SUCCEEDED'],
    ['failed', 'FAILED'],
  ])('by checkout waits until the actions say %s', async (status, ours) => {
    await t.control('mode', { provider: 'prism', refunds: 'pending' });
    const paymentId = await prismPayment(t, 'checkout-demo');
    const refundId = await refunded('checkout-demo', paymentId);
    await pass(t, t.world, 60);
    expect(await statusOf(t, refundId)).toBe('PENDING');
    await t.control('settle', { provider: 'prism', all: true, status });
    await pass(t, t.world, 600);
    expect(await statusOf(t, refundId)).toBe(ours);
    await expectSound(t, paymentId);
  });

  it('by checkout refuses another currency before anything is sent', async () => {
    const paymentId = await prismPayment(t, 'checkout-demo');
    const amount = { kind: 'money', money: { minor: 4_000n, currency: 'USD' } } as const;
    const command = prismCommand('checkout-demo', paymentId, 0n, { amount });
    expect(problemOf(await createRefund(t.world, t.caller(), command)).type).toBe('CurrencyMismatch');
    expect(await madeAt(paymentId)).toBe(0);
  });

  describe('where the library is missing', () => {
    const problem = { type: 'ProviderProblem', code: 'PROVIDER_UNAVAILABLE', retry: 'SAME_KEY' };

    it.each(['adyen-demo', 'checkout-demo'] as const)(
      'a refund by %s is answered, and goes on where it is there',
      async (account) => {
        const without = await t.replica({ providers: await providersWith(missingLibrary) });
        const paymentId = await prismPayment(t, account);
        const command = prismCommand(account, paymentId);
        const answer = await createRefund(without, t.caller(), command);
        expect(problemOf(answer)).toMatchObject(problem);
        expect(problemOf(answer).message).toContain('It did not load.');
        const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
        expect((await refundRow(t, refundId)).attempts).toMatchObject([{ sends: 1 }]);
      },
    );

    it.each(['adyen-demo', 'checkout-demo'] as const)(
      'what was queued by %s waits, quietly',
      async (account) => {
        const paymentId = await prismPayment(t, account);
        await armPrism(t, account, 'rate-limited');
        const sender = await t.replica();
        const { refundId } = valueOf(await prismRefund(t, account, paymentId, undefined, sender));
        await vi.waitFor(async () =>
          expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 1 }] }),
        );
        // It still looks for what waits behind, and would find this very leg due when the time moves on.
        await sender.background.drain(10_000);
        const without = await t.replica({
          providers: await providersWith(missingLibrary),
          log: recorded.log,
        });
        recorded.clear();
        await pass(t, without, 3_600, 5);
        expect(await statusOf(t, refundId)).toBe('QUEUED');
        expect([...recorded.alerts(), ...recorded.errors()]).toEqual([]);
        expect((await refundRow(t, refundId)).attempts).toMatchObject([{ sends: 1 }]);
        await pass(t, t.world, 120, 2);
        expect(await statusOf(t, refundId)).not.toBe('QUEUED');
        expect(await madeAt(paymentId)).toBe(1);
      },
    );

    it('what is under way by checkout is asked again when it is there', async () => {
      await t.control('mode', { provider: 'prism', refunds: 'pending' });
      const paymentId = await prismPayment(t, 'checkout-demo');
      const refundId = await refunded('checkout-demo', paymentId);
      await t.control('settle', { provider: 'prism', all: true, status: 'succeeded' });
      const without = await t.replica({ providers: await providersWith(missingLibrary), log: recorded.log });
      recorded.clear();
      await pass(t, without, 3_600, 3);
      expect(await statusOf(t, refundId)).toBe('PENDING');
      expect(recorded.alerts()).toEqual([]);
      await pass(t, t.world, 7_200);
      expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    });

    it('connector stripe goes on by the built-in adapter, with the bytes that were stored', async () => {
      const without = await t.replica({ providers: await providersWith(missingLibrary) });
      const paymentId = await prismPayment(t, 'prism-demo');
      await armPrism(t, 'prism-demo', 'lost-after-effect');
      const refundId = await refunded('prism-demo', paymentId);
      const [before] = (await refundRow(t, refundId)).attempts;
      await t.advance(30);
      await driveDue(without);
      await pass(t, without, 30, 2);
      const [after] = (await refundRow(t, refundId)).attempts;
      expect(after?.body).toBe(before?.body);
      expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
      expect(await madeAt(paymentId)).toBe(1);
      expect((await paymentRow(t, paymentId)).facts_from).toBe('PROVIDER');
    });
  });
}
