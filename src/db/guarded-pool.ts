import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { refuseInTransaction } from './in-transaction.ts';
import type { DatabaseLog } from './log.ts';

type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/**
 * A pool that survives the loss of its server (pg emits `error` on idle and on borrowed connections; unheard, either ends
 * the process) and that refuses to lend a second connection to code that is inside a transaction of this pool.
 */
export class GuardedPool extends Pool {
  constructor(config: PoolConfig, log: DatabaseLog) {
    super(config);
    this.on('error', (error) => log.warn({ reason: error.message }, 'database connection lost while idle'));
    this.on('connect', (client) => {
      client.on('error', (error) => log.warn({ reason: error.message }, 'database connection lost'));
    });
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    try {
      refuseInTransaction(this);
    } catch (error) {
      if (callback === undefined) return Promise.reject(error);
      return callback(error instanceof Error ? error : new Error(String(error)), undefined, () => undefined);
    }
    return callback === undefined ? super.connect() : super.connect(callback);
  }
}
