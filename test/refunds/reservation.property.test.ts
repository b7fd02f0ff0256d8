import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { watchVersions, type Unraised } from '../support/version-watch.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let unraised: () => Promise<Unraised[]>;
beforeAll(async () => {
  t = await createTestWorld('reservation_property');
  unraised = await watchVersions(t.database.db);
});
afterAll(async () => {
  expect(await unraised()).toEqual([]);
  await t.close();
});

const capturedMinor = 100_000n;

/** What the provider does with the next send. */
const behaviours = [
  null,
  null,
  null,
  { kind: 'pending' },
  { kind: 'pending' },
  { kind: 'lost-after-effect' },
  { kind: 'lost-before-effect' },
  { kind: 'error-before-effect' },
  { kind: 'refuse', code: 'insufficient_funds' },
  { kind: 'refuse', code: 'invalid_request' },
  { kind: 'rate-limited' },
  { kind: 'wrong-amount' },
  { kind: 'unknown-status' },
] as const;

const behaviour = fc.constantFrom(...behaviours);
const which = fc.nat({ max: 20 });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('create'),
      minor: fc.integer({ min: 100, max: 60_000 }),
      behaviour,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create remaining'), behaviour }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay'), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry'), which, behaviour }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sync'), which, behaviour }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('console'), value: fc.integer({ min: 1, max: 300 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('settle'), status: fc.constantFrom('succeeded', 'canceled') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('see') }) },
);
type Step = Partial<{
  do: string;
  minor: number;
  value: number;
  which: number;
  status: 'succeeded' | 'canceled';
  behaviour: (typeof behaviours)[number];
}>;

/** One payment, and everything that was asked of it. */
class Story {
  readonly made: { input: CreateRefundCommand; refundId: RefundId }[] = [];
  readonly paymentId: string;

  constructor(paymentId: string) {
    this.paymentId = paymentId;
  }

  async take(next: Step): Promise<void> {
    if (next.behaviour) {
      const { kind, ...more } = next.behaviour;
      await armFault(t, kind, more);
    }
    await this.act(next);
    await clearFaults(t);
  }

  private async act(next: Step): Promise<void> {
    const earlier = this.made.length === 0 ? undefined : this.made[(next.which ?? 0) % this.made.length];
    if (next.do === 'create') return this.create(BigInt(next.minor!));
    if (next.do === 'create remaining') return this.create('remaining');
    if (next.do === 'console') {
      // The provider's own rules hold there too: more than is left is refused.
      await consoleRefund(t, this.paymentId, `${next.value}.00`).catch(() => undefined);
      return undefined;
    }
    if (next.do === 'settle') {
      await settleAll(t, next.status!);
      return undefined;
    }
    if (next.do === 'see') return this.see();
    if (earlier === undefined) return undefined;
    const { refundId, input } = earlier;
    if (next.do === 'replay') {
      const again = valueOf(await createRefund(t.world, t.caller(), { ...input, waitMs: 0 }));
      expect(again, 'I4').toEqual({ refundId, replayed: true });
    }
    if (next.do === 'cancel') await cancelRefund(t.world, t.caller(), { refundId });
    if (next.do === 'sync') await this.sync(refundId);
    if (next.do === 'retry') {
      const { retries } = await refundRow(t, refundId);
      await retryRefund(t.world, t.caller(), { refundId, expectedRetries: retries, waitMs: 10_000 });
    }
    return undefined;
  }

  private async create(minor: bigint | 'remaining'): Promise<void> {
    const input = refundCommand(this.paymentId, minor);
    const result = await createRefund(t.world, t.caller(), input);
    if (result.ok) this.made.push({ input, refundId: result.value.refundId });
    else expect(['AMOUNT_EXCEEDS_REFUNDABLE', 'PAYMENT_NOT_REFUNDABLE']).toContain(result.problems[0]!.code);
  }

  private async see(): Promise<void> {
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    await seePayment(t.world, connection, this.paymentId);
  }

  private async sync(refundId: RefundId): Promise<void> {
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  }

  /** Faults have stopped, the provider ends what it has, and everything is asked for. */
  async becomeQuiet(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      for (const { refundId } of this.made) await this.sync(refundId);
      await settleAll(t, 'succeeded');
    }
    await this.see();
    for (const { id } of await refundRows(t, this.paymentId)) await this.sync(id);
  }
}

test('whatever happens, no more is refunded than was captured, and both ledgers agree in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const story = new Story(await t.payment('1000.00'));
      const requests = await watchRequests(t);
      for (const next of steps) {
        await story.take(next);
        if (story.made.length > 0) await expectSound(t, story.paymentId, { quiet: false });
      }
      if (story.made.length === 0) return;
      await story.becomeQuiet();
      await expectSound(t, story.paymentId);
      const rows = await refundRows(t, story.paymentId);
      // A lost answer whose repetition is refused, since somebody else took the rest, stays unclear for a day.
      const unclear = rows.filter((row) => row.status === 'UNKNOWN');
      for (const row of rows)
        if (!unclear.includes(row))
          expect(['SUCCEEDED', 'FAILED', 'CANCELED'], 'I7: everything else has ended').toContain(row.status);
      const payment = await paymentRow(t, story.paymentId);
      if (unclear.length === 0)
        expect(payment).toMatchObject({ overcommitted: false, reserved_minor: 0n, unbound_minor: 0n });
      expect(payment.refunded_minor).toBeLessThanOrEqual(capturedMinor);
      // No key was used that no attempt has, and every repetition had the same bytes.
      const keys = new Set(rows.flatMap((row) => row.attempts.map((attempt) => attempt.provider_key)));
      const bytes = new Map<string, string>();
      for (const { providerKey, bodyHash } of await requests('createRefund')) {
        expect(keys).toContain(providerKey);
        expect(bytes.get(providerKey!) ?? bodyHash).toBe(bodyHash);
        bytes.set(providerKey!, bodyHash);
      }
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 40), interruptAfterTimeLimit: 120_000 },
  );
}, 300_000);
