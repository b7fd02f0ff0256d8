import { summarise } from './statement-log.ts';
import { grownOperations, type Grown, type GrownOperation } from './growth-operations.ts';
import type { PlanLog, RunStatement } from './plan-log.ts';

/** A statement of an operation, and what it cost. */
export interface RanStatement extends RunStatement {
  readonly operation: string;
  readonly part: GrownOperation['part'];
  /** Its place in the operation, from 1. */
  readonly place: number;
  readonly summary: string;
}

/**
 * Runs each operation twice, and tells of the second run: the first one of a session also reads what PostgreSQL has to
 * know of tables and functions.
 *
 * @param isLarge whether the merchant is the one that has nearly everything
 */
export async function runOperations(
  grown: Grown,
  log: PlanLog,
  isLarge: boolean,
): Promise<readonly RanStatement[]> {
  const ran: RanStatement[] = [];
  for (const operation of grownOperations) {
    if (operation.only === 'large' && !isLarge) continue;
    await operation.run(grown);
    await grown.world.background.quiet();
    log.take();
    await operation.run(grown);
    await grown.world.background.quiet();
    for (const [index, statement] of log.take().entries())
      ran.push({
        ...statement,
        operation: operation.name,
        part: operation.part,
        place: index + 1,
        summary: summarise(statement.text),
      });
  }
  return ran;
}
