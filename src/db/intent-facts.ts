import type { AccountId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { LegStatus } from '../vocabulary.ts';
import { fixedStatement } from './fixed-statement.ts';
import type { IdempotencyRow } from './idempotency.ts';
import type { LockedPayment, PaymentSource, ReadPayment } from './payments.ts';
import type { Kysely } from 'kysely';
import type { Database, PaymentSourceTable, PaymentTable } from './tables.ts';

/** A leg that is not final, as far as a new refund of its payment depends on it. */
export interface LegUnderWay {
  readonly status: LegStatus;
  readonly refund_id: RefundId;
  readonly lease_is_live: boolean;
}

/** What the intent of a refund rests on, except for the lines of a cart: all as one statement saw it. */
export interface IntentFacts {
  /** The row of the caller's key. */
  readonly earlier: IdempotencyRow | undefined;
  /** Nobody holds its lock: `locked_at` is the time of the reading. */
  readonly payment: (ReadPayment & LockedPayment) | undefined;
  readonly isBeingCanceled: boolean;
  /** Oldest first. */
  readonly openLegs: readonly LegUnderWay[];
  /** By seller. */
  readonly sources: readonly PaymentSource[];
}

/** By our id, or by the provider's; null: there is no such payment. */
export type StoredPaymentRef =
  | { readonly id: PaymentId }
  | { readonly accountId: AccountId; readonly providerPaymentId: string }
  | null;

// Named one by one, so that a column that a later release adds does not change the result of a prepared statement.
const paymentColumns: { readonly [Column in keyof PaymentTable]: true } = {
  id: true,
  merchant_id: true,
  account_id: true,
  provider_payment_id: true,
  order_reference: true,
  state: true,
  raw_status: true,
  method: true,
  currency: true,
  amount_minor: true,
  captured_minor: true,
  refunded_minor: true,
  reserved_minor: true,
  unbound_minor: true,
  provider_refunded_minor: true,
  refundable_by_provider: true,
  handles: true,
  whole_only: true,
  facts_from: true,
  overcommitted: true,
  provider_created_at: true,
  captured_at: true,
  hold_expires_at: true,
  refund_window_closes_at: true,
  as_of: true,
  next_look_at: true,
  look_lease_until: true,
  look_failures: true,
  mismatch_looks: true,
  read_epoch: true,
  released_epoch: true,
  version: true,
  created_at: true,
  updated_at: true,
};

const sourceColumns: { readonly [Column in keyof PaymentSourceTable]: true } = {
  id: true,
  merchant_id: true,
  payment_id: true,
  seller: true,
  captured_minor: true,
  refunded_minor: true,
  reserved_minor: true,
  platform_fee_minor: true,
  fee_returned_minor: true,
  fee_reserved_minor: true,
  overcommitted: true,
};

const sourceNames = Object.keys(sourceColumns) as (keyof PaymentSource)[];

type Row = ReadPayment & {
  readonly [Column in keyof PaymentSource as `source_${Column}`]: PaymentSource[Column] | null;
} & {
  readonly known_key: string | null;
  readonly known_hash_version: number;
  readonly known_content_hash: Buffer;
  readonly known_refund_id: RefundId | null;
  readonly known_operation_id: IdempotencyRow['operation_id'];
  readonly known_created_at: Date;
  readonly epoch_number: number;
  readonly epoch_opened_at: Date;
  readonly is_being_canceled: boolean;
  readonly leg_statuses: LegStatus[] | null;
  readonly leg_refunds: RefundId[] | null;
  readonly leg_leases: boolean[] | null;
};

interface Named {
  readonly merchantId: MerchantId;
  readonly key: string;
}

/** One row per source, or one. Indexes idempotency_pkey, refund_legs_open and payment_sources_seller_unique. */
const textFor = (isThisPayment: string): string => `
  SELECT known.key AS known_key, known.hash_version AS known_hash_version, known.content_hash AS known_content_hash,
    known.refund_id AS known_refund_id, known.operation_id AS known_operation_id, known.created_at AS known_created_at,
    app_now() AS read_at, epoch.number AS epoch_number, epoch.opened_at AS epoch_opened_at,
    ${Object.keys(paymentColumns)
      .map((name) => `payment.${name}`)
      .join(', ')},
    EXISTS (SELECT FROM payment_operations o WHERE o.payment_id = payment.id AND o.status IN ('SENDING', 'UNKNOWN'))
      AS is_being_canceled,
    open.leg_statuses, open.leg_refunds, open.leg_leases,
    ${sourceNames.map((name) => `source.${name} AS source_${name}`).join(', ')}
  FROM (SELECT number, opened_at FROM epochs ORDER BY number DESC LIMIT 1) epoch
  LEFT JOIN idempotency known ON known.merchant_id = :merchantId::uuid AND known.key = :key::text
  LEFT JOIN payments payment ON payment.merchant_id = :merchantId AND ${isThisPayment}
  LEFT JOIN LATERAL (
    SELECT array_agg(leg.status) AS leg_statuses, array_agg(leg.refund_id) AS leg_refunds,
      array_agg(leg.lease_is_live) AS leg_leases
    FROM (
      SELECT status, refund_id, COALESCE(lease_until > app_now(), false) AS lease_is_live FROM refund_legs
      WHERE payment_id = payment.id AND status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW')
      ORDER BY created_at, id) leg) open ON true
  LEFT JOIN payment_sources source ON source.payment_id = payment.id
  ORDER BY source.seller`;

/** Index payments_pkey. */
const byId = fixedStatement<Named & { readonly id: PaymentId | null }, Row>(
  textFor('payment.id = :id::uuid'),
);

/** Index payments_of_account. */
const byProviderId = fixedStatement<
  Named & { readonly accountId: AccountId; readonly providerPaymentId: string },
  Row
>(
  textFor('payment.account_id = :accountId::uuid AND payment.provider_payment_id = :providerPaymentId::text'),
);

/** Reads what the key and the payment of a wanted refund are now, in one statement and without a lock. */
export async function readIntentFacts(
  db: Kysely<Database>,
  merchantId: MerchantId,
  key: string,
  ref: StoredPaymentRef,
): Promise<IntentFacts> {
  const rows =
    ref === null || 'id' in ref
      ? await byId(db, { merchantId, key, id: ref?.id ?? null })
      : await byProviderId(db, { merchantId, key, ...ref });
  const row = rows[0]!;
  const statuses = row.leg_statuses ?? [];
  return {
    earlier:
      row.known_key === null
        ? undefined
        : {
            merchant_id: merchantId,
            key: row.known_key,
            hash_version: row.known_hash_version,
            content_hash: row.known_content_hash,
            refund_id: row.known_refund_id,
            operation_id: row.known_operation_id,
            created_at: row.known_created_at,
          },
    payment: paymentOf(row),
    isBeingCanceled: row.is_being_canceled,
    openLegs: statuses.map((status, index) => ({
      status,
      refund_id: row.leg_refunds![index]!,
      lease_is_live: row.leg_leases![index]!,
    })),
    sources: rows.filter((each) => each.source_id !== null).map(sourceOf),
  };
}

function paymentOf(row: Row): IntentFacts['payment'] {
  // Without a payment all of its columns are null.
  if ((row.id as PaymentId | null) === null) return undefined;
  const epoch = { number: row.epoch_number, openedAt: row.epoch_opened_at };
  return { ...row, locked_at: row.read_at, epoch };
}

const sourceOf = (row: Row): PaymentSource =>
  Object.fromEntries(sourceNames.map((name) => [name, row[`source_${name}`]])) as unknown as PaymentSource;
