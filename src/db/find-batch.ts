import { sql, type Kysely } from 'kysely';
import type { PaymentId, RefundId } from '../ids.ts';
import { batchedRead, indexBy, type BatchedRead } from './batched-read.ts';
import type { ReadPayment } from './payments.ts';
import { appNow } from './sql-time.ts';
import type { Database } from './tables.ts';

/** Two names that are a key only together; neither holds what stands between them. */
const BETWEEN = '\u0000';
export type PairKey = `${string}${typeof BETWEEN}${string}`;

export const pairKey = (first: string, second: string): PairKey => `${first}${BETWEEN}${second}`;

/** The parts of keys, as two lists for `unnest`. */
function partsOf(keys: readonly PairKey[]): { readonly first: string[]; readonly second: string[] } {
  const pairs = keys.map((key) => key.split(BETWEEN));
  return { first: pairs.map(([first = '']) => first), second: pairs.map(([, second = '']) => second) };
}

/** What queries name objects by; of all requests of one tick and one merchant one statement each, nothing is kept. */
export interface FindBatch {
  readonly payment: BatchedRead<PaymentId, ReadPayment>;
  /** By the id of the account, and the provider's id. */
  readonly paymentAtProvider: BatchedRead<PairKey, ReadPayment>;
  readonly refundIdByReference: BatchedRead<string, RefundId>;
  readonly refundIdByKey: BatchedRead<string, RefundId>;
  /** By the code of the account, and the provider's id. */
  readonly refundIdAtProvider: BatchedRead<PairKey, RefundId>;
}

const batches = new WeakMap<object, FindBatch>();

/** The one batch of a database, shared by all requests of the process. */
export function findBatchOf(db: Kysely<Database>): FindBatch {
  const known = batches.get(db);
  if (known !== undefined) return known;
  const created = createFindBatch(db);
  batches.set(db, created);
  return created;
}

function createFindBatch(db: Kysely<Database>): FindBatch {
  return {
    /** Primary key. */
    payment: batchedRead(async (merchantId, ids) => {
      const rows = await db
        .selectFrom('payments')
        .selectAll()
        .select(appNow.as('read_at'))
        .where('merchant_id', '=', merchantId)
        .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
        .execute();
      return indexBy(rows, (row) => row.id);
    }),
    /** Index payments_of_account. */
    paymentAtProvider: batchedRead(async (merchantId, keys) => {
      const { first: accountIds, second: providerIds } = partsOf(keys);
      const rows = await db
        .selectFrom('payments')
        .selectAll()
        .select(appNow.as('read_at'))
        .where('merchant_id', '=', merchantId)
        .where(
          sql<boolean>`(account_id, provider_payment_id) IN (SELECT * FROM unnest(${accountIds}::uuid[], ${providerIds}::text[]))`,
        )
        .execute();
      return indexBy(rows, (row) => pairKey(row.account_id, row.provider_payment_id));
    }),
    /** Index refunds_reference_unique. */
    refundIdByReference: batchedRead(async (merchantId, references) => {
      const rows = await db
        .selectFrom('refunds')
        .select(['id', 'reference'])
        .where('merchant_id', '=', merchantId)
        .where(sql<boolean>`reference = ANY(${[...references]}::text[])`)
        .execute();
      return new Map(rows.map(({ id, reference }) => [reference ?? '', id]));
    }),
    /** Primary key of idempotency. */
    refundIdByKey: batchedRead(async (merchantId, keys) => {
      const rows = await db
        .selectFrom('idempotency')
        .select(['key', 'refund_id'])
        .where('merchant_id', '=', merchantId)
        .where(sql<boolean>`key = ANY(${[...keys]}::text[])`)
        .execute();
      return new Map(rows.flatMap(({ key, refund_id: id }) => (id === null ? [] : [[key, id]])));
    }),
    /** Indexes accounts_code_unique and refund_legs_provider_refund_unique. */
    refundIdAtProvider: batchedRead(async (merchantId, keys) => {
      const { first: codes, second: providerIds } = partsOf(keys);
      const rows = await db
        .selectFrom('refund_legs')
        .innerJoin('accounts', 'accounts.id', 'refund_legs.account_id')
        .select(['accounts.code', 'refund_legs.provider_refund_id', 'refund_legs.refund_id'])
        .where('refund_legs.merchant_id', '=', merchantId)
        .where(
          sql<boolean>`(accounts.code, refund_legs.provider_refund_id) IN (SELECT * FROM unnest(${codes}::text[], ${providerIds}::text[]))`,
        )
        .execute();
      return new Map(
        rows.map(({ code, provider_refund_id: id, refund_id }) => [pairKey(code, id ?? ''), refund_id]),
      );
    }),
  };
}
