import type { Model } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A process that stood still goes on, however late: it must send nothing that it may not. */
export class Wake extends Step {
  protected async act(_model: Model, system: System): Promise<void> {
    await wakeOne(system);
  }

  override toString(): string {
    return 'Wake()';
  }
}

/** @returns false when none stood still */
export async function wakeOne(system: System): Promise<boolean> {
  const stopped = system.stopped.shift();
  if (stopped === undefined) return false;
  stopped.at.wake();
  await stopped.replica.idle();
  return true;
}
