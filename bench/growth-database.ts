import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import pino from 'pino';
import { systemClock } from '../src/clock.ts';
import type { MerchantConfig } from '../src/config/types.ts';
import { syncTenants, type Tenants } from '../src/db/tenants.ts';
import { createBackground } from '../src/refunds/background.ts';
import { createWorld } from '../src/refunds/world.ts';
import { connectAccounts } from '../src/startup/connect-accounts.ts';
import type { Owner } from './generate.ts';
import type { Grown } from './growth-operations.ts';
import { readSamples } from './growth-samples.ts';
import type { PlanLog } from './plan-log.ts';
import { watched } from './watched-background.ts';

/** An endpoint that is told of the changes of the large merchant; nothing is ever sent there. */
const ENDPOINT = { code: 'generated-large', url: 'http://127.0.0.1:9/' } as const;

/** Keys of generated merchants: public, and they open nothing but generated data. */
export const generatedKey = (merchant: string): string => `key-of-${merchant}-0000000000000000`;

/** The accounts file of generated data: one merchant with two accounts that has nearly everything, one with one. */
export const generatedAccounts = (baseUrl: string) => ({
  merchants: [
    { code: 'generated-large', accounts: ['generated-large-1', 'generated-large-2'] },
    { code: 'generated-small', accounts: ['generated-small-1'] },
  ].map(({ code, accounts }, merchant) => ({
    code,
    name: code,
    keys: [
      {
        name: 'generated',
        sha256: createHash('sha256').update(generatedKey(code)).digest('hex'),
        scopes: ['read' as const, 'write' as const],
      },
    ],
    accounts: accounts.map((account, index) => ({
      code: account,
      provider: 'yookassa',
      displayName: account,
      baseUrl,
      credentials: { shopId: `90000${merchant}${index}`, secretKey: 'test_generated' },
    })),
  })),
});

export const generatedOwners: readonly [Owner, Owner, Owner] = [
  { account: 'generated-large-1', hasSplits: true, endpoint: ENDPOINT.code },
  { account: 'generated-large-2', hasItems: true },
  { account: 'generated-small-1' },
];

const merchantsAt = (baseUrl: string): MerchantConfig[] =>
  generatedAccounts(baseUrl).merchants.map((merchant) => ({
    ...merchant,
    accounts: merchant.accounts.map((account) => ({
      ...account,
      options: {},
      identity: account.credentials.shopId,
      maxInFlight: 8,
      requestsPerSecond: 10_000,
      minLookIntervalMs: 2_000,
    })),
  }));

/** Writes the merchants, accounts and keys, and the endpoint, of generated data into a migrated database. */
export async function insertGeneratedTenants(
  client: Client,
  { db }: Pick<PlanLog, 'db'>,
  baseUrl: string,
): Promise<Tenants> {
  const tenants = await syncTenants(db, merchantsAt(baseUrl));
  await client.query(
    `INSERT INTO event_endpoints (id, merchant_id, code, url, event_types)
     SELECT gen_random_uuid(), id, $1, $2, '{}' FROM merchants WHERE code = 'generated-large' ON CONFLICT DO NOTHING`,
    [ENDPOINT.code, ENDPOINT.url],
  );
  return tenants;
}

/** A process of the service on generated data, as both of its merchants. */
export interface GrownWorld {
  readonly large: Grown;
  readonly small: Grown;
  close(): Promise<void>;
}

export async function openGrownWorld(
  client: Client,
  log: PlanLog,
  tenants: Tenants,
  baseUrl: string,
): Promise<GrownWorld> {
  const kernel = { log: pino({ level: 'silent' }), clock: systemClock };
  const background = watched(createBackground(kernel.log));
  const accounts = connectAccounts(merchantsAt(baseUrl), tenants, {
    ...kernel,
    ...(await createWorld({
      ...kernel,
      db: log.db,
      connections: { adapters: () => [] } as never,
      background,
    })),
  });
  const world = {
    ...(await createWorld({ ...kernel, db: log.db, connections: accounts.connections, background })),
    background,
  };
  const grown = async (merchant: string, more: Pick<Grown, 'account' | 'refundable' | 'endpoint'>) => {
    const merchantId = tenants.merchants.get(merchant)!;
    const keyId = [...tenants.keys.values()][0]!;
    return {
      world,
      caller: {
        viewer: {
          merchantId,
          merchantCode: merchant,
          keyId,
          keyName: 'generated',
          scopes: new Set(['read', 'write'] as const),
        },
        requestId: 'growth',
      },
      samples: await readSamples(log.db, merchantId),
      ...more,
    };
  };
  const { rows } = await client.query('SELECT id, url FROM event_endpoints WHERE code = $1', [ENDPOINT.code]);
  const refundable = await freshPayments(client, 'generated-large-1', 10);
  return {
    large: await grown('generated-large', { account: 'generated-large-1', refundable, endpoint: rows[0] }),
    small: await grown('generated-small', {
      account: 'generated-small-1',
      refundable: [],
      endpoint: undefined,
    }),
    async close() {
      await background.drain(10_000);
      await accounts.close();
    },
  };
}

/** Payments with nothing refunded, whose facts are as fresh as if their provider had just been asked. */
export async function freshPayments(client: Client, account: string, count: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `UPDATE payments SET as_of = now() WHERE id IN (
       SELECT p.id FROM payments p JOIN accounts a ON a.id = p.account_id
       WHERE a.code = $1 AND p.state = 'CAPTURED' AND p.refunded_minor = 0 AND p.reserved_minor = 0
       ORDER BY p.created_at DESC LIMIT $2)
     RETURNING provider_payment_id AS id`,
    [account, count],
  );
  return rows.map(({ id }) => id);
}
