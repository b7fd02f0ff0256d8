import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** What is pending at a provider ends there; we learn of it by looking. */
export class Settle extends Step {
  readonly #provider: 'yookassa' | 'razorpay';
  readonly #succeeds: boolean;

  constructor({ provider, succeeds }: { provider: 'yookassa' | 'razorpay'; succeeds: boolean }) {
    super();
    this.#provider = provider;
    this.#succeeds = succeeds;
  }

  protected async act(_model: Model, system: System): Promise<void> {
    await settle(system, this.#provider, this.#succeeds);
  }

  override toString(): string {
    return `Settle(${this.#provider} ${this.#succeeds ? 'succeeds' : 'fails'})`;
  }
}

export async function settle(
  { t }: System,
  provider: 'yookassa' | 'razorpay',
  succeeds: boolean,
): Promise<void> {
  const failed = provider === 'yookassa' ? 'canceled' : 'failed';
  await t.control('settle', { provider, all: true, status: succeeds ? 'succeeded' : failed });
}
