import { createRefund } from '../../../src/refunds/create-refund.ts';
import { expect } from 'vitest';
import { described, noteCreated, type Creation } from './create.ts';
import type { Model } from './model.ts';
import type { StopPoint } from './replica.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';
import { planWish } from './wish.ts';

export const stopPoints: readonly StopPoint[] = ['before the call', 'after the call'];

/** A process dies, or stands still for a while, in the middle of a send; its caller may never hear of the refund. */
export class Stop extends Step {
  readonly #of: Creation & {
    readonly point: StopPoint;
    readonly isTold: boolean;
    readonly comesBack: boolean;
  };

  constructor(
    of: Creation & { readonly point: StopPoint; readonly isTold: boolean; readonly comesBack: boolean },
  ) {
    super();
    this.#of = of;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const payment = model.payment(this.#of.payment);
    const planned = await planWish(system, payment, this.#of.wish);
    if (planned === undefined) return;
    const replica = system.replica(this.#of.on);
    const at = replica.stopAtNextSend(this.#of.point);
    const command = { ...planned.command, waitMs: 0 };
    const result = await createRefund(replica.world, system.caller, command);
    noteCreated(model, payment, planned.command, result);
    const stopped = await Promise.race([at.reached.then(() => true), replica.idle().then(() => false)]);
    if (!stopped) {
      replica.keepGoing();
      return;
    }
    const promise = model.refunds.get(command.idempotencyKey);
    expect(promise, 'something is sent, so there is a refund').toBeDefined();
    if (!this.#of.isTold) promise!.refundId = null;
    await replica.standsStill();
    if (this.#of.comesBack) system.stopped.push({ replica, at });
    await system.restart(this.#of.on);
  }

  override toString(): string {
    const { point, isTold, comesBack } = this.#of;
    return `Stop(${described(this.#of)}, ${point}${isTold ? '' : ', caller gone'}${comesBack ? '' : ', killed'})`;
  }
}
