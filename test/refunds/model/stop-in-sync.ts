import { syncRefund } from '../../../src/refunds/sync-refund.ts';
import type { Model } from './model.ts';
import type { StopPoint } from './replica.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A process dies, or stands still, while it sends something again. */
export class StopInSync extends Step {
  readonly #of: { on: number; which: number; point: StopPoint; comesBack: boolean };

  constructor(of: { on: number; which: number; point: StopPoint; comesBack: boolean }) {
    super();
    this.#of = of;
  }

  override check(model: Readonly<Model>): boolean {
    return model.known(0) !== undefined;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const { refundId } = model.known(this.#of.which, 'QUEUED', 'UNKNOWN')!;
    const replica = system.replica(this.#of.on);
    const at = replica.stopAtNextSend(this.#of.point);
    await syncRefund(replica.world, system.caller, { refundId, waitMs: 0 });
    const stopped = await Promise.race([at.reached.then(() => true), replica.idle().then(() => false)]);
    if (!stopped) {
      replica.keepGoing();
      return;
    }
    await replica.standsStill();
    if (this.#of.comesBack) system.stopped.push({ replica, at });
    await system.restart(this.#of.on);
  }

  override toString(): string {
    return `StopInSync(on ${this.#of.on}, ${this.#of.which}, ${this.#of.point}${this.#of.comesBack ? '' : ', killed'})`;
  }
}
