import { expect } from 'vitest';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

const roundsAtMost = 10;

/** Everything that is due is looked at and sent, without anybody asking. */
export class Reconcile extends Step {
  readonly #on: number;

  constructor({ on }: { on: number }) {
    super();
    this.#on = on;
  }

  protected act(_model: Model, system: System): Promise<void> {
    return reconcile(system, this.#on);
  }

  override toString(): string {
    return `Reconcile(on ${this.#on})`;
  }
}

/**
 * Rounds of one process until nothing is due any more. Time stands still meanwhile, so there are few: what was worked
 * on has its next time (I7), and nothing asks a provider again and again.
 */
export async function reconcile(system: System, on: number): Promise<void> {
  for (let rounds = 1; ; rounds += 1) {
    const { accounts } = await driveDue(system.world(on));
    if (accounts === 0) return;
    expect(rounds, 'a round leaves nothing that is due at once').toBeLessThan(roundsAtMost);
  }
}
