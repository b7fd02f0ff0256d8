import { seePayment } from '../../../src/refunds/see-payment.ts';
import { syncRefund } from '../../../src/refunds/sync-refund.ts';
import { seenPayments } from './invariants.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** Everything that is due is looked at and sent, without anybody asking. */
export class Reconcile extends Step {
  readonly #on: number;

  constructor({ on }: { on: number }) {
    super();
    this.#on = on;
  }

  protected act(model: Model, system: System): Promise<void> {
    return reconcile(model, system, this.#on);
  }

  override toString(): string {
    return `Reconcile(on ${this.#on})`;
  }
}

/** One round of it in one process. */
export async function reconcile(model: Model, system: System, on: number): Promise<void> {
  const world = system.world(on);
  for (const payment of await seenPayments(model, system)) {
    const connection = world.connections.findByCode(system.caller.viewer.merchantId, payment.account)!;
    const open = await system.t.database.db
      .selectFrom('refunds')
      .select('id')
      .where('payment_id', '=', payment.id)
      .where('finalized_at', 'is', null)
      .orderBy('created_at')
      .execute();
    for (const { id } of open) await syncRefund(world, system.caller, { refundId: id, waitMs: 10_000 });
    await seePayment(world, connection, payment.paymentId);
  }
}
