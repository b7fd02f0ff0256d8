import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Failure } from '../errors.ts';
import type {
  AccountId,
  ApiKeyId,
  EventEndpointId,
  EventMessageId,
  ItemId,
  LegId,
  MerchantId,
  OperationId,
  PaymentId,
  RefundId,
  SourceId,
  WebhookDeliveryId,
} from '../ids.ts';
import type {
  AttentionReason,
  Evidence,
  LegStatus,
  OperationStatus,
  PaymentState,
  ProviderCode,
  RefundOrigin,
  RefundReason,
  RefundSpeed,
  RefundStatus,
  TraceReference,
} from '../vocabulary.ts';
import type { StoredReceipt } from './receipts.ts';

/**
 * The tables as Kysely sees them. `bigint` columns are minor units of the row's currency; `char(3)` is an
 * ISO 4217 code; a `…_at` is an instant.
 */
export interface Database {
  installation: InstallationTable;
  merchants: MerchantTable;
  accounts: AccountTable;
  api_keys: ApiKeyTable;
  payments: PaymentTable;
  payment_sources: PaymentSourceTable;
  payment_items: PaymentItemTable;
  refund_items: RefundItemTable;
  refunds: RefundTable;
  refund_legs: RefundLegTable;
  leg_sources: LegSourceTable;
  refund_sellers: RefundSellerTable;
  leg_attempts: LegAttemptTable;
  provider_refunds: ProviderRefundTable;
  payment_operations: PaymentOperationTable;
  idempotency: IdempotencyTable;
  events: EventTable;
  leg_transitions: LegTransitionTable;
  epochs: EpochTable;
  event_endpoints: EventEndpointTable;
  event_messages: EventMessageTable;
  event_deliveries: EventDeliveryTable;
  standing_alerts: StandingAlertTable;
  feed_epochs: FeedEpochTable;
  webhook_deliveries: WebhookDeliveryTable;
}

/** Set by the database when a row is inserted without it. */
type Defaulted<T> = Generated<T>;
type Json<T extends object> = JSONColumnType<T, string, string>;

export interface InstallationTable {
  id: Defaulted<number>;
  demo: boolean;
  clock_offset: ColumnType<unknown, string | undefined, string>;
}

export interface MerchantTable {
  id: MerchantId;
  code: string;
  name: string;
  created_at: Defaulted<Date>;
}

/** `RESTORING`: after a restore, until what waits was compared with the provider. */
export type AccountHealth = 'OK' | 'CREDENTIALS_REFUSED' | 'RESTORING';

export interface AccountTable {
  id: AccountId;
  merchant_id: MerchantId;
  code: string;
  provider: ProviderCode;
  identity: string;
  identity_space: string;
  display_name: string;
  health: Defaulted<AccountHealth>;
  health_since: Defaulted<Date>;
  health_shown_by: 'SEND' | 'READ' | null;
  swept_until: Date | null;
  next_sweep_at: Date | null;
  sweep_lease_until: Date | null;
  next_probe_at: Date | null;
  sweep_position: ColumnType<SweepPosition | null, string | null | undefined, string | null>;
  webhook_id: Defaulted<string>;
  created_at: Defaulted<Date>;
}

/** A window of time whose refunds are being compared, page by page. */
export interface SweepPosition {
  readonly from: string;
  readonly to: string;
  readonly cursor: string;
}

export interface ApiKeyTable {
  id: ApiKeyId;
  merchant_id: MerchantId;
  name: string;
  sha256: Buffer;
  scopes: string[];
  created_at: Defaulted<Date>;
  revoked_at: Date | null;
}

export interface PaymentTable {
  id: PaymentId;
  merchant_id: MerchantId;
  account_id: AccountId;
  provider_payment_id: string;
  order_reference: string | null;
  state: PaymentState;
  raw_status: string;
  method: string | null;
  currency: string;
  amount_minor: bigint;
  captured_minor: bigint;
  refunded_minor: Defaulted<bigint>;
  reserved_minor: Defaulted<bigint>;
  unbound_minor: Defaulted<bigint>;
  provider_refunded_minor: bigint | null;
  refundable_by_provider: boolean;
  handles: ColumnType<Readonly<Record<string, string>>, string | undefined, string>;
  whole_only: Defaulted<boolean>;
  /** `CALLER`: the provider cannot be asked about it. */
  facts_from: Defaulted<'PROVIDER' | 'CALLER'>;
  overcommitted: Defaulted<boolean>;
  provider_created_at: Date;
  captured_at: Date | null;
  hold_expires_at: Date | null;
  refund_window_closes_at: Date | null;
  as_of: Date;
  next_look_at: Date | null;
  look_lease_until: Date | null;
  look_failures: Defaulted<number>;
  looked_at: Date | null;
  look_retry_at: Date | null;
  look_retries: Defaulted<number>;
  mismatch_looks: Defaulted<number>;
  read_epoch: Defaulted<number>;
  released_epoch: number | null;
  version: Defaulted<number>;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
}

export interface PaymentSourceTable {
  id: SourceId;
  merchant_id: MerchantId;
  payment_id: PaymentId;
  seller: string;
  captured_minor: bigint;
  refunded_minor: Defaulted<bigint>;
  reserved_minor: Defaulted<bigint>;
  platform_fee_minor: bigint | null;
  fee_returned_minor: Defaulted<bigint>;
  fee_reserved_minor: Defaulted<bigint>;
  overcommitted: Defaulted<boolean>;
}

/** A line of a payment's cart: quantities in hundredths of its unit. */
export interface PaymentItemTable {
  id: ItemId;
  merchant_id: MerchantId;
  payment_id: PaymentId;
  item: string;
  title: string;
  position: number;
  sold_hundredths: bigint;
  sold_minor: bigint;
  left_hundredths: bigint;
  left_minor: bigint;
  returned_hundredths: Defaulted<bigint>;
  returned_minor: Defaulted<bigint>;
  reserved_hundredths: Defaulted<bigint>;
  reserved_minor: Defaulted<bigint>;
  overcommitted: Defaulted<boolean>;
}

/** What a leg takes of a line. */
export interface RefundItemTable {
  leg_id: LegId;
  item_id: ItemId;
  merchant_id: MerchantId;
  refund_id: RefundId;
  quantity_hundredths: bigint;
  amount_minor: bigint;
}

export interface RefundTable {
  id: RefundId;
  merchant_id: MerchantId;
  account_id: AccountId;
  payment_id: PaymentId;
  origin: RefundOrigin;
  status: RefundStatus;
  currency: string;
  amount_minor: bigint;
  returned_minor: Defaulted<bigint>;
  reference: string | null;
  reason: RefundReason;
  note: string | null;
  metadata: Json<Record<string, string>>;
  receipt: ColumnType<StoredReceipt | null, string | null, string | null>;
  retries: Defaulted<number>;
  speed: ColumnType<RefundSpeed | null, RefundSpeed | null | undefined, never>;
  replaces: ColumnType<RefundId | null, RefundId | null | undefined, never>;
  created_by: ApiKeyId | null;
  attention: AttentionReason | null;
  attention_since: Date | null;
  version: Defaulted<number>;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
  finalized_at: Date | null;
  /** Its place in the feed of changes, set by the database with every new version. */
  change_epoch: ColumnType<bigint, never, never>;
  change_xid: ColumnType<string, never, never>;
  change_seq: ColumnType<bigint, never, never>;
}

export interface RefundLegTable {
  id: LegId;
  merchant_id: MerchantId;
  account_id: AccountId;
  payment_id: PaymentId;
  refund_id: RefundId;
  name: string;
  status: LegStatus;
  amount_minor: bigint;
  returned_minor: Defaulted<bigint>;
  attempt: Defaulted<number>;
  provider_refund_id: string | null;
  raw_status: string | null;
  failure: ColumnType<Failure | null, string | null, string | null>;
  trace_references: ColumnType<TraceReference[], string | undefined, string>;
  sent_at: Date | null;
  lease_until: Date | null;
  next_look_at: Date | null;
  look_lease_until: Date | null;
  look_failures: Defaulted<number>;
  /** The lease is a reader's, and not the engine's. */
  look_is_shared: Defaulted<boolean>;
  looked_at: Date | null;
  look_retry_at: Date | null;
  look_retries: Defaulted<number>;
  vanished_at: Date | null;
  as_of: Defaulted<Date>;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
  finalized_at: Date | null;
}

export interface LegSourceTable {
  leg_id: LegId;
  source_id: SourceId;
  merchant_id: MerchantId;
  amount_minor: bigint;
  platform_fee_minor: bigint | null;
}

/** Written by a trigger of leg_sources, in the transaction of the refund. */
export interface RefundSellerTable {
  merchant_id: MerchantId;
  seller: string;
  /** Of the refund. */
  created_at: Date;
  refund_id: RefundId;
}

export interface LegAttemptTable {
  leg_id: LegId;
  attempt: number;
  merchant_id: MerchantId;
  account_id: AccountId;
  provider_key: string;
  wire_version: string;
  method: string;
  path: string;
  headers: Json<Record<string, string>>;
  body: string | null;
  sends: Defaulted<number>;
  unclear_sends: Defaulted<number>;
  first_sent_at: Date | null;
  last_sent_at: Date | null;
  outcome: 'accepted' | 'refused' | 'deferred' | 'not-sent' | 'unknown' | null;
  outcome_at: Date | null;
  evidence: ColumnType<Evidence, string | undefined, string>;
  provider_refund_id: string | null;
  looks: ColumnType<LookNote[], string | undefined, string>;
}

/** One look for a lost answer. */
export interface LookNote {
  readonly at: string;
  readonly found: 'absent' | 'unavailable';
}

export interface ProviderRefundTable {
  account_id: AccountId;
  provider_refund_id: string;
  merchant_id: MerchantId;
  payment_id: PaymentId;
  leg_id: LegId | null;
  status: string;
  raw_status: string;
  currency: string;
  amount_minor: bigint;
  our_reference: string | null;
  provider_created_at: Date;
  first_seen_at: Defaulted<Date>;
  as_of: Date;
  /** When what a message told last has happened, by the provider's clock; null: none told of it, or it is asked. */
  told_at: ColumnType<Date | null, never, Date>;
  /** In the provider's words: a batch, the speed it took. */
  details: ColumnType<Record<string, string>, string | undefined, string>;
}

export interface PaymentOperationTable {
  id: OperationId;
  merchant_id: MerchantId;
  account_id: AccountId;
  payment_id: PaymentId;
  kind: 'VOID' | 'CANCEL_UNPAID';
  refund_id: ColumnType<RefundId | null, RefundId | null | undefined, RefundId | null>;
  status: OperationStatus;
  provider_key: string;
  wire_version: string;
  method: string;
  path: string;
  headers: Json<Record<string, string>>;
  body: string | null;
  sends: Defaulted<number>;
  first_sent_at: Date | null;
  lease_until: Date | null;
  next_look_at: Date | null;
  look_lease_until: Date | null;
  look_failures: Defaulted<number>;
  failure: ColumnType<Failure | null, string | null, string | null>;
  evidence: ColumnType<Evidence, string | undefined, string>;
  reason: RefundReason;
  note: string | null;
  created_by: ApiKeyId | null;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
  finalized_at: Date | null;
}

export interface LegTransitionTable {
  from_status: LegStatus;
  to_status: LegStatus;
}

export interface EpochTable {
  number: number;
  opened_at: Defaulted<Date>;
}

/** A history of the database in which transaction ids are in one order. */
export interface FeedEpochTable {
  number: bigint;
  ordinal: number;
  system_identifier: string;
  timeline: string;
  opened_at: Defaulted<Date>;
}

export interface IdempotencyTable {
  merchant_id: MerchantId;
  key: string;
  hash_version: number;
  content_hash: Buffer;
  refund_id: RefundId | null;
  operation_id: OperationId | null;
  created_at: Defaulted<Date>;
}

/** A message that a provider sent; `PENDING` until it was worked on. */
export interface WebhookDeliveryTable {
  id: WebhookDeliveryId;
  merchant_id: MerchantId;
  account_id: AccountId;
  deduplication_key: string;
  event: string;
  provider_refund_id: string | null;
  provider_payment_id: string | null;
  our_reference: string | null;
  evidence: ColumnType<StoredWebhookEvidence | null, string | null | undefined, never>;
  times: Defaulted<number>;
  status: Defaulted<'PENDING' | 'DONE' | 'IGNORED'>;
  received_at: Defaulted<Date>;
  last_received_at: Defaulted<Date>;
  next_look_at: Date | null;
  look_lease_until: Date | null;
  look_failures: Defaulted<number>;
  done_at: Date | null;
}

/** `WebhookEvidence` as JSON: the amount in minor units as digits, the instant in ISO 8601. */
export interface StoredWebhookEvidence {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'UNRECOGNISED';
  readonly rawStatus: string;
  readonly amount: { readonly minor: string; readonly currency: string } | null;
  readonly at: string;
}

export interface EventTable {
  id: Defaulted<bigint>;
  merchant_id: MerchantId;
  payment_id: PaymentId;
  refund_id: RefundId | null;
  leg_id: LegId | null;
  operation_id: OperationId | null;
  kind: string;
  from_status: string | null;
  to_status: string | null;
  source: string;
  actor: string;
  api_key_id: ApiKeyId | null;
  request_id: string | null;
  evidence: ColumnType<Evidence, string | undefined, never>;
  at: Defaulted<Date>;
}

/** Why nothing is delivered to an endpoint: it has answered 410, or a person has said so. */
export type DisabledBecause = 'GONE' | 'OPERATOR';

export interface EventEndpointTable {
  id: EventEndpointId;
  /** Null: the operator's. */
  merchant_id: MerchantId | null;
  code: string;
  url: string;
  /** Empty: all. */
  event_types: string[];
  configured: Defaulted<boolean>;
  disabled_at: Date | null;
  disabled_because: DisabledBecause | null;
  failures: Defaulted<number>;
  paused_until: Date | null;
  created_at: Defaulted<Date>;
}

export interface EventMessageTable {
  id: Defaulted<EventMessageId>;
  seq: ColumnType<bigint, never, never>;
  merchant_id: MerchantId | null;
  subject: RefundId | null;
  version: number | null;
  type: string;
  data: ColumnType<unknown, string, never>;
  body: string | null;
  at: Defaulted<Date>;
}

/** `FAILED`: given up after the last retry; `DISCARDED`: its endpoint is gone. */
export type DeliveryStatus = 'PENDING' | 'DELIVERED' | 'FAILED' | 'DISCARDED';

export interface EventDeliveryTable {
  endpoint_id: EventEndpointId;
  message_id: EventMessageId;
  seq: bigint;
  subject: RefundId | null;
  status: Defaulted<DeliveryStatus>;
  attempts: Defaulted<number>;
  claims: Defaulted<number>;
  next_attempt_at: Defaulted<Date>;
  lease_until: Date | null;
  last_attempt_at: Date | null;
  last_status: number | null;
  last_error: string | null;
  ended_at: Date | null;
}

/** An alert that lasts: it is raised when its row is written, and again only after the row was deleted. */
export interface StandingAlertTable {
  code: string;
  subject: string;
  since: Defaulted<Date>;
}
