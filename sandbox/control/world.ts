import type { SandboxClock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { FaultBook } from '../faults.ts';
import type { Journal } from '../journal.ts';
import type { ProviderServer } from '../provider-server.ts';
import type { RequestLog } from '../request-log.ts';

/** What the control API governs. */
export interface World {
  journal: Journal;
  clock: SandboxClock;
  faults: FaultBook;
  log: RequestLog;
  servers: readonly ProviderServer[];
}

/** The server of a provider; throws ControlError for a name that the sandbox does not simulate. */
export function getServer(world: World, provider: string): ProviderServer {
  const server = world.servers.find((candidate) => candidate.simulator.provider === provider);
  if (server !== undefined) return server;
  const known = world.servers.map((candidate) => candidate.simulator.provider).join(', ');
  throw new ControlError('provider', `unknown provider; known are ${known}`);
}

/** The servers that an optional `provider` selects. */
export function selectServers(world: World, provider: string | undefined): readonly ProviderServer[] {
  return provider === undefined ? world.servers : [getServer(world, provider)];
}
