import type { Logger } from 'pino';
import type { Connections } from '../providers/connections.ts';

/** Says of every account whether its adapter works on this machine; one that does not stops nothing else. */
export function reportAvailability(log: Logger, connections: Connections): void {
  for (const { accountCode, adapter } of connections.all()) {
    const { availability, code, variant } = adapter;
    if (availability === undefined) continue;
    const report = { account: accountCode, provider: code, variant };
    const say = `${availability.kind}: ${availability.message}`;
    if (availability.kind === 'unavailable') log.error(report, say);
    else log.warn(report, say);
  }
}
