import type { Problem } from '../errors.ts';
import type { Connection } from '../providers/connections.ts';

/** Whether what an account needs to be used has loaded on this machine. */
export const isAvailable = ({ adapter }: Pick<Connection, 'adapter'>): boolean =>
  adapter.availability?.kind !== 'unavailable';

/** Why nothing is begun for an account whose adapter cannot work here; what was begun waits. Undefined when it can. */
export function whyUnavailable({ adapter }: Connection, path: readonly string[]): Problem | undefined {
  if (adapter.availability?.kind !== 'unavailable') return undefined;
  return {
    type: 'ProviderProblem',
    code: 'PROVIDER_UNAVAILABLE',
    message: `This account cannot be used at the moment. ${adapter.availability.message}`,
    path,
    retry: 'SAME_KEY',
    providerCode: null,
  };
}
