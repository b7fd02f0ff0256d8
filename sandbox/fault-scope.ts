import { ControlError } from './control-error.ts';
import type { FaultInput, FaultKind, Operation } from './faults.ts';

/** The kinds of fault that can happen to some operations of a provider only; all others can happen to any. */
export type FaultScope = Partial<Record<FaultKind, readonly Operation[]>>;

/** Throws ControlError for a fault that could never happen at this provider. */
export function checkFaultScope(
  provider: string,
  operations: readonly Operation[],
  scope: FaultScope,
  { kind, operation, seconds }: FaultInput,
): void {
  const possible = scope[kind] ?? operations;
  if (possible.length === 0) throw new ControlError('kind', `${kind} cannot happen at ${provider}`);
  if (operation !== '*' && !possible.includes(operation)) {
    throw new ControlError('operation', `${kind} can only happen to ${possible.join(', ')} at ${provider}`);
  }
  if (kind === 'list-lag' && seconds === undefined)
    throw new ControlError('seconds', 'list-lag needs seconds');
}
