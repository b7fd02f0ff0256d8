import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { Model } from './model.ts';
import type { StopPoint } from './replica.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A process dies, or stands still, while it works on what is due. */
export class StopInReconcile extends Step {
  readonly #of: { on: number; point: StopPoint; comesBack: boolean };

  constructor(of: { on: number; point: StopPoint; comesBack: boolean }) {
    super();
    this.#of = of;
  }

  protected async act(_model: Model, system: System): Promise<void> {
    const replica = system.replica(this.#of.on);
    const at = replica.stopAtNextSend(this.#of.point);
    const round = replica.world.background.run('a round', () => driveDue(replica.world));
    const stopped = await Promise.race([at.reached.then(() => true), round.then(() => false)]);
    if (!stopped) {
      replica.keepGoing();
      return;
    }
    await replica.standsStill();
    if (this.#of.comesBack) system.stopped.push({ replica, at });
    await system.restart(this.#of.on);
  }

  override toString(): string {
    return `StopInReconcile(on ${this.#of.on}, ${this.#of.point}${this.#of.comesBack ? '' : ', killed'})`;
  }
}
