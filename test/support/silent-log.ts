import type { DatabaseLog } from '../../src/db/log.ts';

/** For tests that do not look at the log. */
export const silentLog: DatabaseLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
