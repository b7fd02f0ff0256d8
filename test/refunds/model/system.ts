import { sql } from 'kysely';
import type { Caller, World } from '../../../src/refunds/world.ts';
import { clearFaults } from '../../support/rules.ts';
import type { TestWorld } from '../../support/world.ts';
import type { ModelPayment } from './model.ts';
import { createReplica, type Replica, type Stopped } from './replica.ts';

const rub = (value: string) => ({ value, currency: 'RUB' });

/** The real thing: two processes of the service on one database, and the sandbox as their providers. */
export class System {
  readonly t: TestWorld;
  readonly replicas: Replica[];
  /** Processes that stand still in the middle of a send, oldest first. */
  readonly stopped: { readonly replica: Replica; readonly at: Stopped }[] = [];
  /** Every process of this run. */
  readonly all: Replica[] = [];

  readonly #isAnonymous: boolean;

  private constructor(t: TestWorld, isAnonymous: boolean, replicas: Replica[]) {
    this.t = t;
    this.#isAnonymous = isAnonymous;
    this.replicas = replicas;
    this.all.push(...replicas);
  }

  /** @param isAnonymous the providers do not tell with which reference a refund was made */
  static async start(t: TestWorld, isAnonymous: boolean): Promise<System> {
    await clearFaults(t);
    for (const provider of ['yookassa', 'razorpay'])
      await t.control('mode', { provider, refunds: 'instant' });
    await t.database.db
      .updateTable('accounts')
      .set({
        health: 'OK',
        health_shown_by: null,
        next_probe_at: null,
        swept_until: sql<Date>`app_now()`,
        sweep_position: null,
        sweep_lease_until: null,
        next_sweep_at: null,
      })
      .execute();
    const replica = () => createReplica(t, isAnonymous);
    return new System(t, isAnonymous, [await replica(), await replica()]);
  }

  get caller(): Caller {
    return this.t.caller();
  }

  replica(on: number): Replica {
    return this.replicas[on % this.replicas.length]!;
  }

  world(on: number): World {
    return this.replica(on).world;
  }

  /** Another process takes the place of this one, which ends or stands still for good. */
  async restart(on: number): Promise<void> {
    const fresh = await createReplica(this.t, this.#isAnonymous);
    this.replicas[on % this.replicas.length] = fresh;
    this.all.push(fresh);
  }

  /** Until the processes that live have nothing more to do. */
  async idle(): Promise<void> {
    for (const replica of this.replicas) await replica.idle();
  }
}

/** New payments for one run: what earlier runs did to theirs does not touch them. */
export async function newPayments(t: TestWorld): Promise<ModelPayment[]> {
  const yookassa = { provider: 'yookassa', account: 'yookassa-demo', currency: 'RUB' } as const;
  const [plain, split, razorpay, hold] = await Promise.all([
    t.payment('1000.00'),
    t.payment('1500.00', {
      sources: [
        { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
        { account: '200602', amount: rub('600.00'), platformFee: rub('59.99') },
      ],
    }),
    t.payment('800.00', { provider: 'razorpay', amount: { value: '800.00', currency: 'MYR' } }),
    t.payment('500.00', { status: 'authorized' }),
  ]);
  return [
    { ...yookassa, kind: 'plain', paymentId: plain, amountMinor: 100_000n, consoleRefunds: 0 },
    { ...yookassa, kind: 'split', paymentId: split, amountMinor: 150_000n, consoleRefunds: 0 },
    {
      kind: 'razorpay',
      provider: 'razorpay',
      account: 'razorpay-demo',
      currency: 'MYR',
      paymentId: razorpay,
      amountMinor: 80_000n,
      consoleRefunds: 0,
    },
    { ...yookassa, kind: 'hold', paymentId: hold, amountMinor: 50_000n, consoleRefunds: 0 },
  ];
}
