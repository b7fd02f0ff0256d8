import { sql, type Kysely, type Transaction } from 'kysely';
import { ConfigError, type ConfigProblem } from '../config/problems.ts';
import type { AccountConfig, MerchantConfig } from '../config/types.ts';
import { uuidv7, type AccountId, type ApiKeyId, type MerchantId } from '../ids.ts';
import type { Database } from './tables.ts';

/** The rows of what is configured. */
export interface Tenants {
  /** By merchant code. */
  readonly merchants: ReadonlyMap<string, MerchantId>;
  /** By account code, which is unique across merchants. */
  readonly accounts: ReadonlyMap<string, AccountId>;
  /** The unguessable part of each account's webhook URL, by account code; in a demo it is the code itself. */
  readonly webhookIds: ReadonlyMap<string, string>;
  /** By the SHA-256 of the key, lower-case hex. */
  readonly keys: ReadonlyMap<string, ApiKeyId>;
}

interface WantedAccount {
  readonly merchant: MerchantConfig;
  readonly account: AccountConfig;
}

/**
 * Brings merchants, accounts and keys of the database to the configuration, in one transaction. Nothing is
 * ever deleted: an account that is not configured any more keeps its rows, a key that is missing is marked
 * as revoked, and as living again when it returns. Any number of processes may do so at once; the last one
 * decides names and revocations, which authentication does not read.
 *
 * @throws ConfigError with everything that contradicts the rows: refunds hang on an account's merchant,
 *   provider and identity, so none of them can change
 */
export async function syncTenants(
  db: Kysely<Database>,
  configured: readonly MerchantConfig[],
): Promise<Tenants> {
  return db.transaction().execute(async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('refund-federation.tenants', 0))`.execute(trx);
    const wanted = configured.flatMap((merchant) =>
      merchant.accounts.map((account) => ({ merchant, account })),
    );
    const problems = [...(await contradictedAccounts(trx, wanted)), ...(await movedKeys(trx, configured))];
    if (problems.length > 0) throw new ConfigError(problems);

    const merchants = await upsertMerchants(trx, configured);
    const accounts = await upsertAccounts(trx, wanted, merchants);
    const keys = await upsertKeys(trx, configured, merchants);
    return {
      merchants,
      accounts: new Map(accounts.map(({ code, id }) => [code, id])),
      webhookIds: new Map(accounts.map((account) => [account.code, account.webhook_id])),
      keys,
    };
  });
}

/** The account of a merchant by its code, configured or not any more. Index accounts_code_unique. */
export async function findAccountId(
  db: Kysely<Database>,
  merchantId: MerchantId,
  code: string,
): Promise<AccountId | undefined> {
  const row = await db
    .selectFrom('accounts')
    .select('id')
    .where('code', '=', code)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
  return row?.id;
}

async function contradictedAccounts(
  trx: Transaction<Database>,
  wanted: readonly WantedAccount[],
): Promise<ConfigProblem[]> {
  if (wanted.length === 0) return [];
  const rows = await trx
    .selectFrom('accounts')
    .innerJoin('merchants', 'merchants.id', 'accounts.merchant_id')
    .select(['accounts.code', 'accounts.provider', 'accounts.identity', 'accounts.identity_space'])
    .select('merchants.code as merchant')
    .execute();
  const byCode = new Map(rows.map((row) => [row.code, row]));
  const byIdentity = new Map(rows.map((row) => [`${row.identity_space} ${row.identity}`, row]));
  return wanted.flatMap(({ merchant, account }) => {
    const where = `account ${account.code}`;
    const row = byCode.get(account.code);
    const holder = byIdentity.get(`${spaceOf(account)} ${account.identity}`);
    if (row !== undefined && row.merchant !== merchant.code)
      return [
        {
          where,
          message: `belongs to the merchant ${row.merchant} since it was first configured. ${NEW_CODE}`,
        },
      ];
    if (row !== undefined && (row.provider !== account.provider || row.identity !== account.identity))
      return [
        {
          where,
          message: `was first configured as ${row.provider} ${row.identity} and is now ${account.provider} ${account.identity}. ${NEW_CODE}`,
        },
      ];
    if (holder !== undefined && holder.code !== account.code)
      return [
        {
          where,
          message: `is ${account.provider} ${account.identity}, which this database knows as the account ${holder.code} of the merchant ${holder.merchant}. Use that code`,
        },
      ];
    return [];
  });
}

const spaceOf = ({ identitySpace, provider }: AccountConfig): string => identitySpace ?? provider;

const NEW_CODE = 'Its payments and refunds depend on that: give the new one a code of its own';

async function movedKeys(
  trx: Transaction<Database>,
  configured: readonly MerchantConfig[],
): Promise<ConfigProblem[]> {
  const owners = new Map(
    configured.flatMap((merchant) =>
      merchant.keys.map((key) => [key.sha256, { merchant: merchant.code, key: key.name }]),
    ),
  );
  if (owners.size === 0) return [];
  const rows = await trx
    .selectFrom('api_keys')
    .innerJoin('merchants', 'merchants.id', 'api_keys.merchant_id')
    .select(['merchants.code as merchant', sql<string>`encode(api_keys.sha256, 'hex')`.as('sha256')])
    .execute();
  return rows.flatMap((row) => {
    const owner = owners.get(row.sha256);
    if (owner === undefined || owner.merchant === row.merchant) return [];
    const message = `belonged to the merchant ${row.merchant}, in whose history it stands. Make a new key with \`npm run key\``;
    return [{ where: `key "${owner.key}" of the merchant ${owner.merchant}`, message }];
  });
}

async function upsertMerchants(
  trx: Transaction<Database>,
  configured: readonly MerchantConfig[],
): Promise<Map<string, MerchantId>> {
  if (configured.length === 0) return new Map();
  const rows = await trx
    .insertInto('merchants')
    .values(configured.map(({ code, name }) => ({ id: uuidv7<MerchantId>(), code, name })))
    .onConflict((conflict) =>
      conflict.column('code').doUpdateSet((row) => ({ name: row.ref('excluded.name') })),
    )
    .returning(['id', 'code'])
    .execute();
  return new Map(rows.map((row) => [row.code, row.id]));
}

async function upsertAccounts(
  trx: Transaction<Database>,
  wanted: readonly WantedAccount[],
  merchants: ReadonlyMap<string, MerchantId>,
): Promise<{ readonly code: string; readonly id: AccountId; readonly webhook_id: string }[]> {
  if (wanted.length === 0) return [];
  const installation = await trx.selectFrom('installation').select('demo').executeTakeFirst();
  const isDemo = installation?.demo === true;
  // Made within one millisecond they are in no order of their own, and accounts are listed as they were configured.
  const ids = wanted.map(() => uuidv7<AccountId>()).toSorted();
  return trx
    .insertInto('accounts')
    .values(
      wanted.map(({ merchant, account }, index) => ({
        id: ids[index]!,
        merchant_id: merchants.get(merchant.code)!,
        code: account.code,
        provider: account.provider,
        identity: account.identity,
        identity_space: spaceOf(account),
        display_name: account.displayName,
        ...(isDemo && { webhook_id: account.code }),
      })),
    )
    .onConflict((conflict) =>
      conflict.column('code').doUpdateSet((row) => ({
        display_name: row.ref('excluded.display_name'),
        ...(isDemo && { webhook_id: row.ref('excluded.webhook_id') }),
      })),
    )
    .returning(['id', 'code', 'webhook_id'])
    .execute();
}

async function upsertKeys(
  trx: Transaction<Database>,
  configured: readonly MerchantConfig[],
  merchants: ReadonlyMap<string, MerchantId>,
): Promise<Map<string, ApiKeyId>> {
  const keys = configured.flatMap((merchant) =>
    merchant.keys.map((key) => ({
      id: uuidv7<ApiKeyId>(),
      merchant_id: merchants.get(merchant.code)!,
      name: key.name,
      sha256: Buffer.from(key.sha256, 'hex'),
      scopes: [...key.scopes],
      revoked_at: null,
    })),
  );
  const living = sql<Buffer[]>`${keys.map((key) => key.sha256)}::bytea[]`;
  await sql`UPDATE api_keys SET revoked_at = app_now() WHERE revoked_at IS NULL AND NOT sha256 = ANY (${living})`.execute(
    trx,
  );
  if (keys.length === 0) return new Map();
  const rows = await trx
    .insertInto('api_keys')
    .values(keys)
    .onConflict((conflict) =>
      conflict.column('sha256').doUpdateSet((row) => ({
        name: row.ref('excluded.name'),
        scopes: row.ref('excluded.scopes'),
        revoked_at: null,
      })),
    )
    .returning(['id', sql<string>`encode(sha256, 'hex')`.as('hash')])
    .execute();
  return new Map(rows.map((row) => [row.hash, row.id]));
}
