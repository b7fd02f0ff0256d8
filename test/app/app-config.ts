import { createHash } from 'node:crypto';
import type { Config } from '../../src/config.ts';
import type { TestDatabase } from '../support/database.ts';

export const KEY = 'rf_live_key_of_the_app_test';

/** One merchant with one account, whose provider answers nowhere, on a test database. */
export const configOf = (
  database: Pick<TestDatabase<unknown>, 'connectionString'>,
  change: Partial<Config> = {},
): Config => ({
  host: '127.0.0.1',
  port: 0,
  database: { kind: 'url', url: database.connectionString },
  dataDir: '/nonexistent',
  demo: false,
  sandboxPort: 1,
  logLevel: 'debug',
  prepared: true,
  poolSize: 4,
  maxInflightRequests: 16,
  shutdownGraceMs: 5_000,
  engine: false,
  merchants: [
    {
      code: 'acme',
      name: 'Acme',
      keys: [{ name: 'backend', sha256: createHash('sha256').update(KEY).digest('hex'), scopes: ['read'] }],
      accounts: [
        {
          code: 'acme-shop',
          provider: 'yookassa',
          displayName: 'Acme',
          baseUrl: 'http://127.0.0.1:9/v3',
          credentials: { shopId: '1', secretKey: 'canary' },
          options: {},
          identity: '1',
          maxInFlight: 8,
          requestsPerSecond: undefined,
          minLookIntervalMs: 2_000,
        },
      ],
    },
  ],
  ...change,
});
