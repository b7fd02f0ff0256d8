import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

const hour = 3_600;

/** Over a moment, a lease, a look, the provider's memory of a key, the day of an unsent refund, and days. */
export const spans = [1, 31, 100, 700, 3 * hour, 23 * hour + 60, 26 * hour, 4 * 24 * hour] as const;

/** Time passes, for the provider, the database and every process alike. */
export class AdvanceClock extends Step {
  readonly #seconds: number;

  constructor({ seconds }: { seconds: number }) {
    super();
    this.#seconds = seconds;
  }

  protected async act(_model: Model, system: System): Promise<void> {
    await system.t.advance(this.#seconds);
  }

  override toString(): string {
    return `AdvanceClock(${this.#seconds} s)`;
  }
}
