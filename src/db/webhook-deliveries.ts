import { sql, type Kysely } from 'kysely';
import { uuidv7, type AccountId, type MerchantId, type WebhookDeliveryId } from '../ids.ts';
import { claimUntil, dueRows } from './due.ts';
import { isDueRow } from './open-status.ts';
import type { Database, StoredWebhookEvidence } from './tables.ts';

type Db = Kysely<Database>;

/** A message of a provider that is to be kept; `times` is how often it came since the last statement. */
export interface NewDelivery {
  readonly merchantId: MerchantId;
  readonly accountId: AccountId;
  readonly deduplicationKey: string;
  readonly event: string;
  readonly providerRefundId: string | null;
  readonly providerPaymentId: string | null;
  readonly ourReference: string | null;
  readonly evidence: StoredWebhookEvidence | null;
  /** Nothing proves who sent it, so that a repetition of what was worked on is to be worked on again. */
  readonly isUnsigned: boolean;
  readonly times: number;
}

/** What tells two messages apart. */
export const deliveryKey = (delivery: Pick<NewDelivery, 'accountId' | 'deduplicationKey'>): string =>
  `${delivery.accountId} ${delivery.deduplicationKey}`;

/**
 * Keeps messages, each once, in one statement: a repetition counts up, and what was about nothing then is due again,
 * since it may be about something now (webhook_deliveries_told_once). It is then about what it names now: where nothing
 * is signed, what came first may have been a forgery. In the order of their keys, so that two processes do not wait for
 * each other. No two may have one key.
 *
 * @returns the keys of those that were kept; the others are of accounts with `pendingAtMost` waiting messages
 */
export async function storeDeliveries(
  db: Db,
  deliveries: readonly NewDelivery[],
  pendingAtMost: number,
): Promise<ReadonlySet<string>> {
  if (deliveries.length === 0) return new Set();
  const unsigned = [...new Set(deliveries.flatMap((each) => (each.isUnsigned ? each.accountId : [])))];
  const reopens = sql`(known.status = 'IGNORED'
    OR known.status = 'DONE' AND known.account_id = ANY (${unsigned}::uuid[]))`;
  const { rows } = await sql<{ accountId: AccountId; deduplicationKey: string }>`
    WITH told AS (
      SELECT * FROM unnest(
        ${deliveries.map(() => uuidv7())}::uuid[],
        ${deliveries.map((each) => each.merchantId)}::uuid[],
        ${deliveries.map((each) => each.accountId)}::uuid[],
        ${deliveries.map((each) => each.deduplicationKey)}::text[],
        ${deliveries.map((each) => each.event)}::text[],
        ${deliveries.map((each) => each.providerRefundId)}::text[],
        ${deliveries.map((each) => each.providerPaymentId)}::text[],
        ${deliveries.map((each) => each.ourReference)}::text[],
        ${deliveries.map(({ evidence }) => evidence && JSON.stringify(evidence))}::text[],
        ${deliveries.map((each) => each.times)}::integer[]
      ) AS told (id, merchant_id, account_id, key, event, refund, payment, reference, evidence, times)
    ), open AS (
      SELECT account_id FROM (SELECT DISTINCT account_id FROM told) AS account
      WHERE (SELECT count(*) FROM (
        SELECT FROM webhook_deliveries AS waiting
        WHERE waiting.account_id = account.account_id AND waiting.next_look_at IS NOT NULL
        LIMIT ${pendingAtMost}) AS pending) < ${pendingAtMost}
    )
    INSERT INTO webhook_deliveries AS known (id, merchant_id, account_id, deduplication_key, event,
      provider_refund_id, provider_payment_id, our_reference, evidence, times, next_look_at)
    SELECT id, merchant_id, account_id, key, event, refund, payment, reference, evidence::jsonb, times, app_now()
    FROM told WHERE account_id IN (SELECT account_id FROM open)
    ORDER BY account_id, key
    ON CONFLICT ON CONSTRAINT webhook_deliveries_told_once DO UPDATE SET
      times = LEAST(known.times::bigint + excluded.times, 2147483647)::integer,
      last_received_at = app_now(),
      provider_payment_id = CASE WHEN ${reopens} THEN excluded.provider_payment_id ELSE known.provider_payment_id END,
      our_reference = CASE WHEN ${reopens} THEN excluded.our_reference ELSE known.our_reference END,
      status = CASE WHEN ${reopens} THEN 'PENDING' ELSE known.status END,
      next_look_at = CASE WHEN ${reopens} THEN app_now() ELSE known.next_look_at END,
      look_failures = CASE WHEN ${reopens} THEN 0 ELSE known.look_failures END,
      done_at = CASE WHEN ${reopens} THEN NULL ELSE known.done_at END
    RETURNING known.account_id AS "accountId", known.deduplication_key AS "deduplicationKey"`.execute(db);
  return new Set(rows.map(deliveryKey));
}

/** A message that this process, and no other, works on until its lease ends. */
export interface DueDelivery {
  readonly id: WebhookDeliveryId;
  readonly event: string;
  readonly providerRefundId: string | null;
  readonly providerPaymentId: string | null;
  readonly ourReference: string | null;
  readonly evidence: StoredWebhookEvidence | null;
  /** How often it had come when it was claimed: one more ends the claim without an end of the work. */
  readonly times: number;
  readonly lookFailures: number;
  /** The token of this claim. */
  readonly claimedUntil: Date;
}

/** Takes the messages of an account that are due, the longest waiting first (webhook_deliveries_due). */
export function claimDueDeliveries(
  db: Db,
  accountId: AccountId,
  limit: number,
  leaseMs: number,
): Promise<DueDelivery[]> {
  return db
    .with('due', (cte) => dueRows(cte, 'webhook_deliveries', accountId, limit))
    .updateTable('webhook_deliveries as delivery')
    .set({ look_lease_until: claimUntil(leaseMs) })
    .where(isDueRow('delivery.id'))
    .returning([
      'delivery.id',
      'delivery.event',
      'delivery.provider_refund_id as providerRefundId',
      'delivery.provider_payment_id as providerPaymentId',
      'delivery.our_reference as ourReference',
      'delivery.evidence',
      'delivery.times',
      'delivery.look_failures as lookFailures',
      sql<Date>`delivery.look_lease_until`.as('claimedUntil'),
    ])
    .execute();
}

/** How the work on a message ends: over, or due again after so many milliseconds. */
export type DeliveryEnd =
  | { readonly status: 'DONE' | 'IGNORED' }
  | { readonly status: 'PENDING'; readonly nextLookInMs: number; readonly lookFailures: number };

/**
 * Ends claims, each only if it is still this claim. What came once more meanwhile stays due: the look may have been
 * before it. What was put off for longer than `giveUpMs` since it came last is over, unless it is evidence, which
 * nothing else would tell (primary key). In the order of their keys, as they are stored.
 *
 * @returns the messages that were given up
 */
export async function endDeliveries(
  db: Db,
  ended: readonly { readonly delivery: DueDelivery; readonly end: DeliveryEnd }[],
  giveUpMs: number,
): Promise<readonly WebhookDeliveryId[]> {
  if (ended.length === 0) return [];
  // Of the row as it is once it is locked: what is counted up at this moment is seen, and not what a join has read.
  const cameAgain = sql`delivery.times <> worked.times`;
  const isGivenUp = sql`worked.status = 'PENDING' AND delivery.evidence IS NULL
    AND delivery.last_received_at < app_now() - make_interval(secs => ${giveUpMs / 1000}::float8)`;
  const { rows } = await sql<{ id: WebhookDeliveryId; isGivenUp: boolean }>`
    WITH locked AS (
      SELECT id FROM webhook_deliveries WHERE id = ANY (${ended.map(({ delivery }) => delivery.id)}::uuid[])
      ORDER BY account_id, deduplication_key FOR UPDATE
    )
    UPDATE webhook_deliveries AS delivery SET
      look_lease_until = NULL,
      status = CASE WHEN ${cameAgain} THEN 'PENDING' WHEN ${isGivenUp} THEN 'DONE' ELSE worked.status END,
      next_look_at = CASE
        WHEN ${cameAgain} THEN app_now()
        WHEN worked.status <> 'PENDING' OR ${isGivenUp} THEN NULL
        ELSE app_now() + make_interval(secs => worked.next)
      END,
      done_at = CASE WHEN ${cameAgain} OR (worked.status = 'PENDING' AND NOT (${isGivenUp})) THEN NULL ELSE app_now() END,
      look_failures = worked.failures
    FROM unnest(
      ${ended.map(({ delivery }) => delivery.id)}::uuid[],
      ${ended.map(({ delivery }) => delivery.claimedUntil)}::timestamptz[],
      ${ended.map(({ delivery }) => delivery.times)}::integer[],
      ${ended.map(({ end }) => end.status)}::text[],
      ${ended.map(({ end }) => (end.status === 'PENDING' ? end.nextLookInMs / 1000 : null))}::float8[],
      ${ended.map(({ end }) => (end.status === 'PENDING' ? end.lookFailures : 0))}::integer[]
    ) AS worked (id, token, times, status, next, failures) JOIN locked ON locked.id = worked.id
    WHERE delivery.id = worked.id AND delivery.look_lease_until = worked.token
    RETURNING delivery.id, worked.status = 'PENDING' AND delivery.status = 'DONE' AS "isGivenUp"`.execute(db);
  return rows.flatMap((row) => (row.isGivenUp ? row.id : []));
}

/**
 * Makes due again what was told of a payment before it was known here, and takes it from whoever works on it just now
 * and has not found the payment (webhook_deliveries_ignored, webhook_deliveries_due).
 */
export async function reopenEvidence(db: Db, accountId: AccountId, providerPaymentId: string): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set({ status: 'PENDING', next_look_at: sql<Date>`app_now()`, look_lease_until: null, done_at: null })
    .where('account_id', '=', accountId)
    .where((eb) => eb.or([eb('status', '=', 'IGNORED'), eb('next_look_at', 'is not', null)]))
    .where('provider_payment_id', '=', providerPaymentId)
    .where('evidence', 'is not', null)
    .execute();
}

/** Deletes what was worked on longer than `keptForMs` ago, at most `limit` rows (webhook_deliveries_by_age). */
export async function deleteOldDeliveries(db: Db, keptForMs: number, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM webhook_deliveries WHERE id = ANY (ARRAY(
      SELECT id FROM webhook_deliveries
      WHERE next_look_at IS NULL
        AND last_received_at < app_now() - make_interval(secs => ${keptForMs / 1000}::float8)
      ORDER BY last_received_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.execute(db);
  return Number(numAffectedRows);
}

/** Deletes all but the newest `kept` messages of an account that were about nothing (webhook_deliveries_ignored). */
export async function deleteIgnoredDeliveries(
  db: Db,
  accountId: AccountId,
  kept: number,
  limit: number,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM webhook_deliveries WHERE status = 'IGNORED' AND id = ANY (ARRAY(
      SELECT id FROM webhook_deliveries WHERE account_id = ${accountId} AND status = 'IGNORED'
      ORDER BY last_received_at DESC OFFSET ${kept} LIMIT ${limit}))`.execute(db);
  return Number(numAffectedRows);
}
