import { expect } from 'vitest';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A caller sends the same request again, perhaps after it never got an answer. */
export class Replay extends Step {
  readonly #on: number;
  readonly #which: number;

  constructor({ on, which }: { on: number; which: number }) {
    super();
    this.#on = on;
    this.#which = which;
  }

  override check(model: Readonly<Model>): boolean {
    return model.refunds.size > 0;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const promise = model.promise(this.#which)!;
    const command = { ...promise.command, waitMs: 500 };
    const result = await createRefund(system.world(this.#on), system.caller, command);
    if (promise.refundId === null && !result.ok) return;
    promise.refundId ??= result.ok ? result.value.refundId : null;
    expect(result, 'I4: the same key is the same refund').toEqual({
      ok: true,
      value: { refundId: promise.refundId, replayed: true },
    });
  }

  override toString(): string {
    return `Replay(on ${this.#on}, ${this.#which})`;
  }
}
