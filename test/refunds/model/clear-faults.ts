import { clearFaults } from '../../support/rules.ts';
import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** The providers are well again. */
export class ClearFaults extends Step {
  protected async act(_model: Model, system: System): Promise<void> {
    await clearFaults(system.t);
  }

  override toString(): string {
    return 'ClearFaults()';
  }
}
