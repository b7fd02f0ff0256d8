import { sql, type Kysely, type Selectable } from 'kysely';
import type { AccountId, LegId, MerchantId, PaymentId } from '../ids.ts';
import type { Money } from '../money.ts';
import type { Leg } from './legs.ts';
import type { Database, ProviderRefundTable } from './tables.ts';
import { fixedStatement, type ParameterTypes } from './fixed-statement.ts';

export type ProviderRefund = Selectable<ProviderRefundTable>;

/** Index provider_refunds_by_payment. */
export function listProviderRefunds(db: Kysely<Database>, paymentId: PaymentId): Promise<ProviderRefund[]> {
  return db.selectFrom('provider_refunds').selectAll().where('payment_id', '=', paymentId).execute();
}

/** Primary key. */
export function findProviderRefund(
  db: Kysely<Database>,
  accountId: AccountId,
  providerRefundId: string,
): Promise<ProviderRefund | undefined> {
  return db
    .selectFrom('provider_refunds')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('provider_refund_id', '=', providerRefundId)
    .executeTakeFirst();
}

/** What messages have told of a refund so far (primary key). Needs the payment's lock. */
export async function noteTold(
  tx: Kysely<Database>,
  accountId: AccountId,
  providerRefundId: string,
  at: Date,
): Promise<void> {
  await tx
    .updateTable('provider_refunds')
    .set({ told_at: at })
    .where('account_id', '=', accountId)
    .where('provider_refund_id', '=', providerRefundId)
    .execute();
}

/**
 * The newest time that anything is known of a payment's refunds (refunds_by_payment, refund_legs_name_unique,
 * provider_refunds_by_payment); null: nothing is. Needs the payment's lock.
 */
export async function readNewestAsOf(tx: Kysely<Database>, paymentId: PaymentId): Promise<Date | null> {
  const { rows } = await sql<{ asOf: Date | null }>`
    SELECT GREATEST(
      (SELECT max(leg.as_of) FROM refund_legs AS leg JOIN refunds ON refunds.id = leg.refund_id
        WHERE refunds.payment_id = ${paymentId}),
      (SELECT max(as_of) FROM provider_refunds WHERE payment_id = ${paymentId})) AS "asOf"`.execute(tx);
  return rows[0]?.asOf ?? null;
}

/** Binds a row that is nobody's to a leg. Needs the payment's lock. */
export async function bindSeenRefund(
  tx: Kysely<Database>,
  accountId: AccountId,
  providerRefundId: string,
  legId: LegId,
): Promise<void> {
  await tx
    .updateTable('provider_refunds')
    .set({ leg_id: legId })
    .where('account_id', '=', accountId)
    .where('provider_refund_id', '=', providerRefundId)
    .where('leg_id', 'is', null)
    .execute();
}

export interface SeenProviderRefund {
  readonly providerRefundId: string;
  readonly status: string;
  readonly rawStatus: string;
  readonly amount: Money;
  readonly ourReference: string | null;
  readonly createdAt: Date;
  readonly providerDetails: Readonly<Record<string, string>>;
}

/** Whose a provider refund is, and of which payment. */
export interface SeenOwner {
  readonly merchantId: MerchantId;
  readonly accountId: AccountId;
  readonly paymentId: PaymentId;
}

/** A provider refund as it was seen, as parameters. */
export interface SeenInput extends SeenOwner {
  readonly seenRefundId: string;
  readonly boundTo: LegId | null;
  readonly seenStatus: string;
  readonly seenRawStatus: string;
  readonly seenCurrency: string;
  readonly seenMinor: bigint;
  readonly seenReference: string | null;
  readonly seenCreatedAt: Date;
  readonly seenAsOf: Date;
  /** JSON. */
  readonly seenDetails: string;
}

export const seenTypes: ParameterTypes<SeenInput> = {
  merchantId: 'uuid',
  accountId: 'uuid',
  paymentId: 'uuid',
  seenRefundId: 'text',
  boundTo: 'uuid',
  seenStatus: 'text',
  seenRawStatus: 'text',
  seenCurrency: 'text',
  seenMinor: 'bigint',
  seenReference: 'text',
  seenCreatedAt: 'timestamptz',
  seenAsOf: 'timestamptz',
  seenDetails: 'jsonb',
};

export const seenInput = (
  { merchantId, accountId, paymentId }: SeenOwner,
  seen: SeenProviderRefund,
  boundTo: LegId | null,
  asOf: Date,
): SeenInput => ({
  merchantId,
  accountId,
  paymentId,
  seenRefundId: seen.providerRefundId,
  boundTo,
  seenStatus: seen.status,
  seenRawStatus: seen.rawStatus,
  seenCurrency: seen.amount.currency,
  seenMinor: seen.amount.minor,
  seenReference: seen.ourReference,
  seenCreatedAt: seen.createdAt,
  seenAsOf: asOf,
  seenDetails: JSON.stringify(seen.providerDetails),
});

/** Keeps a provider refund for each row of `from`; what a conflict means is said behind it. */
export const seenInsert = (from: string): string => `
  INSERT INTO provider_refunds AS known (account_id, provider_refund_id, merchant_id, payment_id, leg_id, status,
    raw_status, currency, amount_minor, our_reference, provider_created_at, as_of, details)
  SELECT :accountId, :seenRefundId, :merchantId, :paymentId, :boundTo, :seenStatus,
    :seenRawStatus, :seenCurrency, :seenMinor, :seenReference, :seenCreatedAt, :seenAsOf, :seenDetails
  ${from}`;

const newest = (column: string): string =>
  `${column} = CASE WHEN excluded.as_of >= known.as_of THEN excluded.${column} ELSE known.${column} END`;

const upsertStatement = fixedStatement<SeenInput, { readonly leg_id: LegId | null }>(
  `${seenInsert('')}
  ON CONFLICT (account_id, provider_refund_id) DO UPDATE SET
    leg_id = COALESCE(known.leg_id, excluded.leg_id),
    ${['currency', 'amount_minor', 'status', 'raw_status', 'details'].map(newest).join(',\n    ')},
    as_of = GREATEST(excluded.as_of, known.as_of)
  RETURNING leg_id`,
  seenTypes,
);

/**
 * Keeps a provider refund as it was seen (MONEY section 5). A leg that is named binds a row that has none;
 * a bound row stays bound.
 *
 * @returns the leg the row is bound to now
 */
export async function upsertProviderRefund(
  tx: Kysely<Database>,
  owner: SeenOwner,
  seen: SeenProviderRefund,
  legId: LegId | null,
  asOf: Date,
): Promise<LegId | null> {
  const [row] = await upsertStatement(tx, seenInput(owner, seen, legId, asOf));
  return row!.leg_id;
}

/**
 * Parts a leg from the provider refund that it is bound to, before another attempt takes its place. The attempt
 * keeps the id, so that the provider refund is still known as that attempt's.
 */
export async function releaseProviderRefund(tx: Kysely<Database>, leg: Leg): Promise<void> {
  if (leg.provider_refund_id === null) return;
  await tx
    .updateTable('leg_attempts')
    .set({ provider_refund_id: leg.provider_refund_id })
    .where('leg_id', '=', leg.id)
    .where('attempt', '=', leg.attempt)
    .where('provider_refund_id', 'is', null)
    .execute();
  await tx.updateTable('provider_refunds').set({ leg_id: null }).where('leg_id', '=', leg.id).execute();
}

/**
 * Gives a provider refund of `from` to `to`; the leg it is taken from does not name it any more, since a provider
 * refund is named by one leg only (refund_legs_provider_refund_unique). Primary keys; needs the payment's lock.
 */
export async function rebindProviderRefund(
  tx: Kysely<Database>,
  from: Leg,
  to: Leg,
  providerRefundId: string,
): Promise<void> {
  await tx.updateTable('refund_legs').set({ provider_refund_id: null }).where('id', '=', from.id).execute();
  await tx
    .updateTable('provider_refunds')
    .set({ leg_id: to.id })
    .where('account_id', '=', to.account_id)
    .where('provider_refund_id', '=', providerRefundId)
    .where('leg_id', '=', from.id)
    .execute();
}

/** A leg that was sent, or may have been, and of which nobody knows what the provider calls it. */
export interface NamelessLeg extends Leg {
  readonly first_sent_at: Date | null;
  readonly last_sent_at: Date | null;
  /** True while a sender may be waiting for an answer, or an answer was recorded and not applied. */
  readonly is_being_answered: boolean;
}

/**
 * The legs of a payment that a provider refund without an owner might be of: open ones, oldest first, and those that a
 * person has called returned. Indexes refunds_by_payment, refund_legs_name_unique and provider_refunds_leg_unique.
 */
export function listNamelessLegs(db: Kysely<Database>, paymentId: PaymentId): Promise<NamelessLeg[]> {
  return db
    .selectFrom('refunds')
    .innerJoin('refund_legs as leg', 'leg.refund_id', 'refunds.id')
    .innerJoin('leg_attempts as attempt', (join) =>
      join.onRef('attempt.leg_id', '=', 'leg.id').onRef('attempt.attempt', '=', 'leg.attempt'),
    )
    .selectAll('leg')
    .select([
      'attempt.first_sent_at',
      'attempt.last_sent_at',
      sql<boolean>`leg.status = 'SENDING' OR COALESCE(leg.lease_until > app_now(), false)
        OR attempt.provider_refund_id IS NOT NULL`.as('is_being_answered'),
    ])
    .where('refunds.payment_id', '=', paymentId)
    .where('leg.provider_refund_id', 'is', null)
    .where(sql<boolean>`(leg.status IN ('SENDING', 'UNKNOWN', 'PENDING', 'MANUAL_REVIEW', 'SUCCEEDED')
      OR leg.status = 'QUEUED' AND attempt.unclear_sends > 0)`)
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM provider_refunds seen WHERE seen.leg_id = leg.id)`)
    .orderBy('attempt.first_sent_at')
    .orderBy('leg.id')
    .execute();
}
