// A stand-in for the service in tests of processes: starts the embedded server as its argument says, reports each event
// as a line of JSON, and stops in order on SIGTERM.
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from '../../src/db/embedded/start.ts';
import { EmbeddedPostgresError } from '../../src/db/embedded/errors.ts';
import type { ServiceEvent } from './service-process.ts';

const report = (event: ServiceEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};
const note = (_fields: unknown, message: string): void => report({ event: 'log', message });

const { gid, uid, ...options } = JSON.parse(process.argv[2] ?? '{}') as Omit<
  EmbeddedPostgresOptions,
  'log'
> & {
  uid?: number;
  gid?: number;
};
if (gid !== undefined) process.setgid?.(gid);
if (uid !== undefined) process.setuid?.(uid);

try {
  const server = await startEmbeddedPostgres({
    ...options,
    log: { info: note, warn: note, error: note },
    onOwnershipLost: (error) => report({ event: 'lost', message: error.message }),
  });
  process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  // An attached process holds no connection that would keep it alive.
  setInterval(() => undefined, 60_000);
  const { connection, owned, place } = server;
  report({ event: 'ready', connection, owned, place });
} catch (error) {
  const code = error instanceof EmbeddedPostgresError ? error.code : 'OTHER';
  report({ event: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
