import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { AccountId, LegId, MerchantId, OperationId, PaymentId, RefundId } from '../ids.ts';
import type { LegStatus } from '../vocabulary.ts';
import { queuedSince } from './legs.ts';
import { fromAppNow } from './sql-time.ts';
import { isDueRow } from './open-status.ts';
import type { Database } from './tables.ts';

type Db = Kysely<Database>;

/** What has come due of an account: which of its tables have a row that nobody looks at yet. */
export interface DueAccount {
  readonly accountId: AccountId;
  readonly legs: boolean;
  readonly operations: boolean;
  readonly payments: boolean;
  readonly webhooks: boolean;
  readonly sweep: boolean;
  /** It waits for what is under way to be read, since a restore. */
  readonly restoring: boolean;
}

/**
 * Whether there is a row whose time has come and that nobody has taken. Asked for the first of them in order, which
 * has the index read; EXISTS would read the table, since the planner takes a third of all rows to be due.
 */
const isDue = (table: string) =>
  sql<boolean>`COALESCE((
    SELECT true FROM ${sql.table(table)} AS due
    WHERE due.account_id = account.id AND due.next_look_at <= (SELECT app_now())
      AND (due.look_lease_until IS NULL OR due.look_lease_until <= (SELECT app_now()))
    ORDER BY due.next_look_at LIMIT 1), false)`;

/**
 * Which of these accounts have anything to do, in one statement (primary key, then refund_legs_due,
 * payment_operations_due, payments_due and webhook_deliveries_due).
 */
export async function listDueAccounts(db: Db, accountIds: readonly AccountId[]): Promise<DueAccount[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom('accounts as account')
    .select([
      'account.id as accountId',
      isDue('refund_legs').as('legs'),
      isDue('payment_operations').as('operations'),
      isDue('payments').as('payments'),
      isDue('webhook_deliveries').as('webhooks'),
      sql<boolean>`account.health = 'RESTORING'`.as('restoring'),
      sql<boolean>`COALESCE(account.next_sweep_at <= (SELECT app_now()), true)
        AND COALESCE(account.sweep_lease_until <= (SELECT app_now()), true)`.as('sweep'),
    ])
    .where('account.id', 'in', [...accountIds])
    .execute();
  return rows.filter(
    (row) => row.legs || row.operations || row.payments || row.webhooks || row.sweep || row.restoring,
  );
}

/** A leg that this process, and no other, looks at until `claimedUntil`; that time is the claim's token. */
export interface DueLeg {
  readonly id: LegId;
  readonly merchantId: MerchantId;
  readonly paymentId: PaymentId;
  readonly refundId: RefundId;
  readonly status: LegStatus;
  readonly claimedUntil: Date;
}

/** In whole milliseconds, as a JavaScript date holds them: the token is compared exactly. */
export const claimUntil = (leaseMs: number) =>
  sql<Date>`date_trunc('milliseconds', app_now() + make_interval(secs => ${leaseMs / 1000}::float8))`;

/** Takes the legs of an account that are due, the longest waiting first (refund_legs_due). */
export async function claimDueLegs(
  db: Db,
  accountId: AccountId,
  limit: number,
  leaseMs: number,
): Promise<DueLeg[]> {
  const claimed = await db
    .with('due', (cte) => dueRows(cte, 'refund_legs', accountId, limit))
    .updateTable('refund_legs as leg')
    .set({ look_lease_until: claimUntil(leaseMs), look_is_shared: false })
    .where(isDueRow('leg.id'))
    .returning([
      'leg.id',
      'leg.merchant_id as merchantId',
      'leg.payment_id as paymentId',
      'leg.refund_id as refundId',
      'leg.status',
      sql<Date>`leg.look_lease_until`.as('claimedUntil'),
    ])
    .execute();
  // Ids grow with time, and rows that are updated come back in no order.
  return claimed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** An operation on a payment, claimed like a leg. */
export interface DueOperation {
  readonly id: OperationId;
  readonly merchantId: MerchantId;
  readonly createdAt: Date;
  readonly claimedUntil: Date;
}

/** Takes the unfinished operations of an account that are due (payment_operations_due). */
export function claimDueOperations(
  db: Db,
  accountId: AccountId,
  limit: number,
  leaseMs: number,
): Promise<DueOperation[]> {
  return db
    .with('due', (cte) => dueRows(cte, 'payment_operations', accountId, limit))
    .updateTable('payment_operations as operation')
    .set({ look_lease_until: claimUntil(leaseMs) })
    .where(isDueRow('operation.id'))
    .returning([
      'operation.id',
      'operation.merchant_id as merchantId',
      'operation.created_at as createdAt',
      sql<Date>`operation.look_lease_until`.as('claimedUntil'),
    ])
    .execute();
}

/** The rows to take, locked; rows that another process takes at this moment are passed over. */
export const dueRows = (
  db: Pick<Db, 'selectFrom'>,
  table: 'refund_legs' | 'payment_operations' | 'payments' | 'webhook_deliveries',
  accountId: AccountId,
  limit: number,
) =>
  db
    .selectFrom(table)
    .select('id')
    .where('account_id', '=', accountId)
    .where('next_look_at', '<=', sql<Date>`(SELECT app_now())`)
    .where(sql<SqlBool>`(look_lease_until IS NULL OR look_lease_until <= (SELECT app_now()))`)
    .orderBy('next_look_at')
    .limit(limit)
    .forUpdate()
    .skipLocked();

/** A claimed leg as it is after it was worked on. */
export interface LookedAtLeg {
  readonly id: LegId;
  readonly status: LegStatus;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  readonly finalizedAt: Date | null;
  readonly queuedSince: Date;
  readonly lookFailures: number;
  /** Nobody has given it another time since it was claimed. */
  readonly isStillDue: boolean;
  /** Another leg of its payment is being sent, by whomever. */
  readonly isBehindSender: boolean;
  /** Another leg of its payment is with the provider, and not finished. */
  readonly isBehindOther: boolean;
  /** The database's time of this read. */
  readonly now: Date;
}

const otherLeg = (isSo: RawBuilder<unknown>) => sql<boolean>`EXISTS (
  SELECT FROM refund_legs AS other
  WHERE other.payment_id = refund_legs.payment_id AND other.id <> refund_legs.id
    AND other.status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW') AND ${isSo})`;

/** Primary key; the payment's other legs by refund_legs_open. */
export function listLookedAtLegs(db: Db, ids: readonly LegId[]): Promise<LookedAtLeg[]> {
  return db
    .selectFrom('refund_legs')
    .select([
      'id',
      'status',
      'created_at as createdAt',
      'sent_at as sentAt',
      'finalized_at as finalizedAt',
      'look_failures as lookFailures',
      queuedSince.as('queuedSince'),
      sql<boolean>`COALESCE(next_look_at <= (SELECT app_now()), false)`.as('isStillDue'),
      otherLeg(sql`other.lease_until > (SELECT app_now())`).as('isBehindSender'),
      otherLeg(sql`other.status <> 'QUEUED'`).as('isBehindOther'),
      sql<Date>`app_now()`.as('now'),
    ])
    .where('id', 'in', [...ids])
    .execute();
}

/** How a claim of a leg ends. */
export interface LegRelease {
  readonly id: LegId;
  readonly claimedUntil: Date;
  /** The next look is for a leg of this status; one that has moved meanwhile keeps the time that its move gave it. */
  readonly status: LegStatus;
  /** Milliseconds from now; `keep`: the row has its time; null: nobody has to look again. */
  readonly nextLookInMs: number | 'keep' | null;
  readonly lookFailures: number;
  /** The claim is not given up at once but held so much longer, in milliseconds; the row's time stays. */
  readonly holdForMs: number | null;
}

/**
 * Ends the claims of a batch, each only if it is still this claim: what another process has taken since then is
 * not touched (primary key).
 */
export async function releaseLegs(db: Db, releases: readonly LegRelease[]): Promise<void> {
  if (releases.length === 0) return;
  const seconds = (ms: number | 'keep' | null) => (typeof ms === 'number' ? ms / 1000 : null);
  await sql`
    UPDATE refund_legs AS leg SET
      look_lease_until = date_trunc('milliseconds', app_now() + make_interval(secs => done.hold)),
      next_look_at = CASE
        WHEN done.keeps OR leg.status <> done.status OR leg.next_look_at IS NULL THEN leg.next_look_at
        ELSE app_now() + make_interval(secs => done.next)
      END,
      look_failures = CASE WHEN leg.status = done.status THEN done.failures ELSE leg.look_failures END
    FROM unnest(
      ${releases.map((each) => each.id)}::uuid[],
      ${releases.map((each) => each.claimedUntil)}::timestamptz[],
      ${releases.map((each) => each.status)}::text[],
      ${releases.map((each) => each.nextLookInMs === 'keep')}::boolean[],
      ${releases.map((each) => seconds(each.nextLookInMs))}::float8[],
      ${releases.map((each) => each.lookFailures)}::integer[],
      ${releases.map((each) => seconds(each.holdForMs))}::float8[]
    ) AS done (id, token, status, keeps, next, failures, hold)
    WHERE leg.id = done.id AND leg.look_lease_until = done.token`.execute(db);
}

/** Ends the claim of an operation; one that is finished has no next look (primary key). */
export async function releaseOperation(
  db: Db,
  operation: Pick<DueOperation, 'id' | 'claimedUntil'>,
  nextLookInMs: number,
): Promise<void> {
  await db
    .updateTable('payment_operations')
    .set({
      look_lease_until: null,
      next_look_at: sql<Date>`CASE WHEN finalized_at IS NULL
        THEN GREATEST(lease_until, app_now() + make_interval(secs => ${nextLookInMs / 1000}::float8)) END`,
    })
    .where('id', '=', operation.id)
    .where('look_lease_until', '=', operation.claimedUntil)
    .execute();
}

/** Whether this process may try a paused account now: one does, once in `gapMs` (primary key). */
export async function claimProbe(db: Db, accountId: AccountId, gapMs: number): Promise<boolean> {
  const claimed = await db
    .updateTable('accounts')
    .set({ next_probe_at: fromAppNow(gapMs) })
    .where('id', '=', accountId)
    .where('health', '=', 'CREDENTIALS_REFUSED')
    .where(sql<SqlBool>`COALESCE(next_probe_at <= app_now(), true)`)
    .executeTakeFirst();
  return claimed.numUpdatedRows > 0n;
}
