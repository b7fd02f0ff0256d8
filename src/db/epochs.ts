import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { AccountId, MerchantId, PaymentId } from '../ids.ts';
import type { ProviderCode } from '../vocabulary.ts';
import { openFeedEpochAfterRestore } from './changes.ts';
import { insertEvent } from './events.ts';
import { inTransaction } from './in-transaction.ts';
import { appNow } from './sql-time.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** What was known before it was opened has to be read again: the database may be an old one (MONEY section 10). */
export interface Epoch {
  /** 1 until the first restore. */
  readonly number: number;
  readonly openedAt: Date;
}

/** The present epoch inside another statement, so that it costs no round trip (epochs_pkey). */
export const epochNumber: RawBuilder<number> = sql<number>`(SELECT max(number) FROM epochs)`;
export const epochOpenedAt: RawBuilder<Date> = sql<Date>`(SELECT opened_at FROM epochs ORDER BY number DESC LIMIT 1)`;

/** The database's time, which every `as_of` is measured in, and the epoch in which it is. */
export async function readNowAndEpoch(db: Db): Promise<{ readonly now: Date; readonly epoch: Epoch }> {
  const { rows } = await sql<{ now: Date; number: number; opened_at: Date }>`
    SELECT app_now() AS now, ${epochNumber} AS number, ${epochOpenedAt} AS opened_at`.execute(db);
  const { now, number, opened_at } = rows[0]!;
  return { now, epoch: { number, openedAt: opened_at } };
}

/** Opens the next epoch, with every account RESTORING, in one transaction; two at once open two. */
export function openEpoch(db: Db): Promise<Epoch> {
  return inTransaction(db, async (tx) => {
    await sql`LOCK TABLE epochs IN SHARE ROW EXCLUSIVE MODE`.execute(tx);
    const { number, opened_at } = await tx
      .insertInto('epochs')
      .values({ number: sql<number>`${epochNumber} + 1` })
      .returning(['number', 'opened_at'])
      .executeTakeFirstOrThrow();
    await openFeedEpochAfterRestore(tx);
    await tx
      .updateTable('accounts')
      .set({ health: 'RESTORING', health_since: appNow, health_shown_by: null })
      .execute();
    return { number, openedAt: opened_at };
  });
}

/** All that the provider knows of the payment's refunds was taken in, in this epoch. Needs the payment's lock. */
export async function noteReadInEpoch(tx: Db, id: PaymentId, epoch: number): Promise<void> {
  await tx
    .updateTable('payments')
    .set({ read_epoch: epoch, version: sql<number>`version + 1` })
    .where('id', '=', id)
    .where('read_epoch', '<', epoch)
    .execute();
}

/** A payment of this epoch about which something is under way, and that nobody has read since it was opened. */
export interface UnreadPayment {
  readonly id: PaymentId;
  readonly account_id: AccountId;
  readonly provider_payment_id: string;
}

const isUnread = sql<boolean>`p.read_epoch < ${epochNumber} AND p.released_epoch IS DISTINCT FROM ${epochNumber}`;
/** From the few open rows to their payments, since after a restore every payment is unread. */
const hasOpenWork = sql<boolean>`p.id IN (
  SELECT payment_id FROM refund_legs WHERE status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW')
  UNION SELECT payment_id FROM payment_operations WHERE status IN ('SENDING', 'UNKNOWN'))`;

/**
 * Payments of an account with open legs or an open void that were not read in this epoch, behind one of them.
 * Indexes refund_legs_open and payments_pkey; asked after a restore only.
 */
export function listUnreadPayments(
  db: Db,
  accountId: AccountId,
  after: PaymentId | null,
  limit: number,
): Promise<UnreadPayment[]> {
  return db
    .selectFrom('payments as p')
    .select(['p.id', 'p.account_id', 'p.provider_payment_id'])
    .where('p.account_id', '=', accountId)
    .where(isUnread)
    .where(hasOpenWork)
    .$if(after !== null, (query) => query.where('p.id', '>', after))
    .orderBy('p.id')
    .limit(limit)
    .execute();
}

/** Ends RESTORING, unless a further epoch was opened meanwhile. Primary key. */
export async function endRestoringOf(db: Db, accountId: AccountId, epoch: number): Promise<boolean> {
  const ended = await db
    .updateTable('accounts')
    .set({ health: 'OK', health_since: appNow })
    .where('id', '=', accountId)
    .where('health', '=', 'RESTORING')
    .where(sql<boolean>`${epochNumber} = ${epoch}`)
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}

/** Whether an account waits for its payments to be read after a restore. Primary key. */
export async function isRestoring(db: Db, accountId: AccountId): Promise<boolean> {
  const row = await db.selectFrom('accounts').select('health').where('id', '=', accountId).executeTakeFirst();
  return row?.health === 'RESTORING';
}

export interface AccountInEpoch {
  readonly code: string;
  readonly provider: ProviderCode;
  readonly health: string;
  readonly unread: readonly PaymentId[];
}

/** Every account with its payments that wait to be read in this epoch: for a person, not for a loop. */
export async function listAccountsInEpoch(db: Db): Promise<AccountInEpoch[]> {
  const accounts = await db
    .selectFrom('accounts')
    .select(['id', 'code', 'provider', 'health'])
    .orderBy('code')
    .execute();
  const unread = await db
    .selectFrom('payments as p')
    .select(['p.id', 'p.account_id'])
    .where(isUnread)
    .where(hasOpenWork)
    .orderBy('p.id')
    .execute();
  return accounts.map(({ id, ...account }) => ({
    ...account,
    unread: unread.filter((payment) => payment.account_id === id).map((payment) => payment.id),
  }));
}

/**
 * A person answers for it that no refund of the payment was forgotten. Leaves an event; a second release of the
 * same epoch changes nothing. Primary key.
 *
 * @returns false when there is no such payment
 */
export function releasePayment(db: Db, id: PaymentId): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const payment = await tx
      .selectFrom('payments')
      .select(['merchant_id', 'released_epoch', epochNumber.as('epoch')])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (payment === undefined) return false;
    if (payment.released_epoch === payment.epoch) return true;
    await tx
      .updateTable('payments')
      .set({ released_epoch: payment.epoch, version: sql<number>`version + 1` })
      .where('id', '=', id)
      .execute();
    await insertEvent(tx, {
      merchantId: payment.merchant_id as MerchantId,
      paymentId: id,
      kind: 'payment.released',
      source: 'SERVICE',
      cause: { actor: 'operator', keyId: null, requestId: null },
      evidence: { epoch: payment.epoch },
    });
    return true;
  });
}
