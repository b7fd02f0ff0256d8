import { createRefund } from '../../../src/refunds/create-refund.ts';
import { described, noteCreated, type Creation } from './create.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';
import { planWish } from './wish.ts';

/** The provider refuses connections while a refund is asked for. */
export class Outage extends Step {
  readonly #of: Creation;

  constructor(of: Creation) {
    super();
    this.#of = of;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const payment = model.payment(this.#of.payment);
    const planned = await planWish(system, payment, this.#of.wish);
    if (planned === undefined) return;
    const { provider } = payment;
    await system.t.control('faults', { provider, operation: '*', kind: 'connect-refused' });
    try {
      const result = await createRefund(system.world(this.#of.on), system.caller, planned.command);
      noteCreated(model, payment, planned.command, result);
      await system.idle();
    } finally {
      await system.t.control('faults', { provider }, 'DELETE');
    }
  }

  override toString(): string {
    return `Outage(${described(this.#of)})`;
  }
}
