import { sql, type Kysely } from 'kysely';

/**
 * The ledger. Locking: creates only new tables, so it blocks nobody.
 *
 * Amounts are ISO 4217 minor units. Every table names its merchant, and every foreign key carries it, so
 * that a row can never point at another merchant's row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [clock, tenants, payments, refunds, attempts, operations, events])
    await sql.raw(statement).execute(db);
}

const clock = `
CREATE TABLE installation (
  id smallint PRIMARY KEY DEFAULT 1 CONSTRAINT installation_is_one_row CHECK (id = 1),
  demo boolean NOT NULL,
  clock_offset interval NOT NULL DEFAULT '0'
);
COMMENT ON TABLE installation IS 'What this database is for; clock_offset is read in demo and test mode only';

-- Compare as (SELECT app_now()), else an index on the other side is not used.
CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()';
`;

const tenants = `
CREATE TABLE merchants (
  id uuid PRIMARY KEY,
  code text NOT NULL CONSTRAINT merchants_code_unique UNIQUE,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON COLUMN merchants.code IS 'Immutable: provider keys are derived from it';

CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL REFERENCES merchants,
  code text NOT NULL CONSTRAINT accounts_code_unique UNIQUE,
  provider text NOT NULL,
  identity text NOT NULL,
  display_name text NOT NULL,
  health text NOT NULL DEFAULT 'OK' CONSTRAINT accounts_health_known CHECK (health IN ('OK', 'CREDENTIALS_REFUSED')),
  health_since timestamptz NOT NULL DEFAULT app_now(),
  created_at timestamptz NOT NULL DEFAULT app_now(),
  CONSTRAINT accounts_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT accounts_identity_unique UNIQUE (provider, identity)
);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL REFERENCES merchants,
  name text NOT NULL,
  sha256 bytea NOT NULL CONSTRAINT api_keys_hash_unique UNIQUE,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT app_now(),
  revoked_at timestamptz,
  CONSTRAINT api_keys_of_merchant UNIQUE (merchant_id, id)
);
COMMENT ON TABLE api_keys IS 'Every key that was ever configured, so that an event names who acted after the key is gone';
`;

const payments = `
CREATE TABLE payments (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  provider_payment_id text NOT NULL,
  order_reference text,
  state text NOT NULL CONSTRAINT payments_state_known
    CHECK (state IN ('PENDING', 'AUTHORIZED', 'CAPTURED', 'CANCELED', 'FAILED')),
  raw_status text NOT NULL,
  method text,
  currency char(3) NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT payments_amount_not_negative CHECK (amount_minor >= 0),
  captured_minor bigint NOT NULL CONSTRAINT payments_captured_not_negative CHECK (captured_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payments_refunded_not_negative CHECK (refunded_minor >= 0),
  reserved_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payments_reserved_not_negative CHECK (reserved_minor >= 0),
  unbound_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payments_unbound_not_negative CHECK (unbound_minor >= 0),
  provider_refunded_minor bigint,
  refundable_by_provider boolean NOT NULL,
  overcommitted boolean NOT NULL DEFAULT false,
  provider_created_at timestamptz NOT NULL,
  captured_at timestamptz,
  hold_expires_at timestamptz,
  refund_window_closes_at timestamptz,
  as_of timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT app_now(),
  updated_at timestamptz NOT NULL DEFAULT app_now(),
  CONSTRAINT payments_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payments_of_account UNIQUE (account_id, provider_payment_id),
  CONSTRAINT payments_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts (merchant_id, id),
  CONSTRAINT payments_never_more_than_captured CHECK (overcommitted OR refunded_minor + reserved_minor <= captured_minor)
);
COMMENT ON COLUMN payments.unbound_minor IS 'Provider refunds that belong to nobody yet; they lower what is refundable';
COMMENT ON COLUMN payments.as_of IS 'Database time at which the provider request behind these facts started';
CREATE INDEX payments_newest ON payments (merchant_id, created_at DESC, id DESC);
CREATE INDEX payments_by_account ON payments (merchant_id, account_id, created_at DESC, id DESC);
CREATE INDEX payments_by_order_reference ON payments (merchant_id, order_reference, created_at DESC, id DESC);

CREATE TABLE payment_sources (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  seller text NOT NULL,
  captured_minor bigint NOT NULL CONSTRAINT payment_sources_captured_not_negative CHECK (captured_minor >= 0),
  refunded_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payment_sources_refunded_not_negative CHECK (refunded_minor >= 0),
  reserved_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payment_sources_reserved_not_negative CHECK (reserved_minor >= 0),
  platform_fee_minor bigint,
  fee_returned_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payment_sources_fee_returned_not_negative CHECK (fee_returned_minor >= 0),
  fee_reserved_minor bigint NOT NULL DEFAULT 0 CONSTRAINT payment_sources_fee_reserved_not_negative CHECK (fee_reserved_minor >= 0),
  overcommitted boolean NOT NULL DEFAULT false,
  CONSTRAINT payment_sources_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payment_sources_seller_unique UNIQUE (payment_id, seller),
  CONSTRAINT payment_sources_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT payment_sources_never_more_than_captured CHECK (overcommitted OR refunded_minor + reserved_minor <= captured_minor),
  CONSTRAINT payment_sources_fee_never_more_than_withheld
    CHECK (overcommitted OR fee_returned_minor + fee_reserved_minor <= COALESCE(platform_fee_minor, 0))
);
CREATE INDEX payment_sources_by_seller ON payment_sources (merchant_id, seller, payment_id);
`;

const refunds = `
CREATE TABLE refunds (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  origin text NOT NULL CONSTRAINT refunds_origin_known CHECK (origin IN ('API', 'CONSOLE', 'BULK', 'EXTERNAL')),
  status text NOT NULL CONSTRAINT refunds_status_known CHECK (status IN ('AWAITING_APPROVAL', 'QUEUED', 'PENDING',
    'UNKNOWN', 'MANUAL_REVIEW', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'CANCELED', 'REVERSED')),
  currency char(3) NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT refunds_amount_positive CHECK (amount_minor > 0),
  returned_minor bigint NOT NULL DEFAULT 0 CONSTRAINT refunds_returned_not_negative CHECK (returned_minor >= 0),
  reference text,
  reason text NOT NULL,
  note text,
  metadata jsonb NOT NULL DEFAULT '{}',
  receipt jsonb,
  retries integer NOT NULL DEFAULT 0,
  created_by uuid,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT app_now(),
  updated_at timestamptz NOT NULL DEFAULT app_now(),
  finalized_at timestamptz,
  CONSTRAINT refunds_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT refunds_reference_unique UNIQUE (merchant_id, reference),
  CONSTRAINT refunds_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT refunds_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts (merchant_id, id),
  CONSTRAINT refunds_created_by_fkey FOREIGN KEY (merchant_id, created_by) REFERENCES api_keys (merchant_id, id)
);
CREATE INDEX refunds_newest ON refunds (merchant_id, created_at DESC, id DESC);
CREATE INDEX refunds_by_payment ON refunds (payment_id, created_at DESC, id DESC);
CREATE INDEX refunds_by_account ON refunds (merchant_id, account_id, created_at DESC, id DESC);
CREATE INDEX refunds_by_status ON refunds (merchant_id, status, created_at DESC, id DESC);

CREATE TABLE refund_legs (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  refund_id uuid NOT NULL,
  name text NOT NULL,
  status text NOT NULL CONSTRAINT refund_legs_status_known CHECK (status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN',
    'MANUAL_REVIEW', 'SUCCEEDED', 'FAILED', 'CANCELED', 'REVERSED')),
  amount_minor bigint NOT NULL CONSTRAINT refund_legs_amount_positive CHECK (amount_minor > 0),
  returned_minor bigint NOT NULL DEFAULT 0 CONSTRAINT refund_legs_returned_not_negative CHECK (returned_minor >= 0),
  attempt integer NOT NULL DEFAULT 1,
  provider_refund_id text,
  raw_status text,
  failure jsonb,
  trace_references jsonb NOT NULL DEFAULT '[]',
  sent_at timestamptz,
  lease_until timestamptz,
  next_look_at timestamptz,
  as_of timestamptz NOT NULL DEFAULT app_now(),
  created_at timestamptz NOT NULL DEFAULT app_now(),
  updated_at timestamptz NOT NULL DEFAULT app_now(),
  finalized_at timestamptz,
  CONSTRAINT refund_legs_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT refund_legs_name_unique UNIQUE (refund_id, name),
  CONSTRAINT refund_legs_provider_refund_unique UNIQUE (account_id, provider_refund_id),
  CONSTRAINT refund_legs_refund_fkey FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds (merchant_id, id),
  CONSTRAINT refund_legs_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT refund_legs_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts (merchant_id, id),
  CONSTRAINT refund_legs_sending_has_lease CHECK (status <> 'SENDING' OR (sent_at IS NOT NULL AND lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX refund_legs_one_sending_per_payment ON refund_legs (payment_id) WHERE status = 'SENDING';
CREATE INDEX refund_legs_open ON refund_legs (payment_id) WHERE status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW');
CREATE INDEX refund_legs_due ON refund_legs (next_look_at) WHERE next_look_at IS NOT NULL;

CREATE TABLE leg_sources (
  leg_id uuid NOT NULL,
  source_id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  amount_minor bigint NOT NULL CONSTRAINT leg_sources_amount_positive CHECK (amount_minor > 0),
  platform_fee_minor bigint,
  PRIMARY KEY (leg_id, source_id),
  CONSTRAINT leg_sources_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs (merchant_id, id),
  CONSTRAINT leg_sources_source_fkey FOREIGN KEY (merchant_id, source_id) REFERENCES payment_sources (merchant_id, id)
);
CREATE INDEX leg_sources_by_source ON leg_sources (source_id);
`;

const attempts = `
CREATE TABLE leg_attempts (
  leg_id uuid NOT NULL,
  attempt integer NOT NULL,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  provider_key text NOT NULL,
  wire_version text NOT NULL,
  method text NOT NULL,
  path text NOT NULL,
  headers jsonb NOT NULL,
  body text,
  sends integer NOT NULL DEFAULT 0,
  unclear_sends integer NOT NULL DEFAULT 0,
  first_sent_at timestamptz,
  last_sent_at timestamptz,
  outcome text CONSTRAINT leg_attempts_outcome_known
    CHECK (outcome IN ('accepted', 'refused', 'deferred', 'not-sent', 'unknown')),
  outcome_at timestamptz,
  evidence jsonb NOT NULL DEFAULT '{}',
  provider_refund_id text,
  PRIMARY KEY (leg_id, attempt),
  CONSTRAINT leg_attempts_provider_key_unique UNIQUE (account_id, provider_key),
  CONSTRAINT leg_attempts_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs (merchant_id, id)
);
COMMENT ON TABLE leg_attempts IS 'One provider key of a leg, with the exact bytes that every send of it repeats';

CREATE TABLE provider_refunds (
  account_id uuid NOT NULL,
  provider_refund_id text NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  leg_id uuid,
  status text NOT NULL,
  raw_status text NOT NULL,
  currency char(3) NOT NULL,
  amount_minor bigint NOT NULL,
  our_reference text,
  provider_created_at timestamptz NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT app_now(),
  as_of timestamptz NOT NULL,
  PRIMARY KEY (account_id, provider_refund_id),
  CONSTRAINT provider_refunds_leg_unique UNIQUE (leg_id),
  CONSTRAINT provider_refunds_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT provider_refunds_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs (merchant_id, id)
);
COMMENT ON TABLE provider_refunds IS 'Every provider refund ever seen; leg_id is null until it is known whose it is';
CREATE INDEX provider_refunds_by_payment ON provider_refunds (payment_id);
`;

const operations = `
CREATE TABLE payment_operations (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT payment_operations_kind_known CHECK (kind IN ('VOID')),
  status text NOT NULL CONSTRAINT payment_operations_status_known
    CHECK (status IN ('SENDING', 'UNKNOWN', 'SUCCEEDED', 'FAILED')),
  provider_key text NOT NULL,
  wire_version text NOT NULL,
  method text NOT NULL,
  path text NOT NULL,
  headers jsonb NOT NULL,
  body text,
  sends integer NOT NULL DEFAULT 0,
  first_sent_at timestamptz,
  lease_until timestamptz,
  failure jsonb,
  evidence jsonb NOT NULL DEFAULT '{}',
  reason text NOT NULL,
  note text,
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT app_now(),
  updated_at timestamptz NOT NULL DEFAULT app_now(),
  finalized_at timestamptz,
  CONSTRAINT payment_operations_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payment_operations_provider_key_unique UNIQUE (account_id, provider_key),
  CONSTRAINT payment_operations_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT payment_operations_created_by_fkey FOREIGN KEY (merchant_id, created_by) REFERENCES api_keys (merchant_id, id)
);
CREATE UNIQUE INDEX payment_operations_one_open_per_payment ON payment_operations (payment_id) WHERE status IN ('SENDING', 'UNKNOWN');

CREATE TABLE idempotency (
  merchant_id uuid NOT NULL REFERENCES merchants,
  key text NOT NULL,
  hash_version smallint NOT NULL,
  content_hash bytea NOT NULL,
  refund_id uuid,
  operation_id uuid,
  created_at timestamptz NOT NULL DEFAULT app_now(),
  PRIMARY KEY (merchant_id, key),
  CONSTRAINT idempotency_refund_fkey FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds (merchant_id, id),
  CONSTRAINT idempotency_operation_fkey FOREIGN KEY (merchant_id, operation_id) REFERENCES payment_operations (merchant_id, id),
  CONSTRAINT idempotency_names_its_result CHECK (num_nonnulls(refund_id, operation_id) >= 1)
);
CREATE UNIQUE INDEX idempotency_by_refund ON idempotency (refund_id) WHERE refund_id IS NOT NULL;
`;

const events = `
CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  refund_id uuid,
  leg_id uuid,
  operation_id uuid,
  kind text NOT NULL,
  from_status text,
  to_status text,
  source text NOT NULL,
  actor text NOT NULL,
  api_key_id uuid,
  request_id text,
  evidence jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT app_now(),
  CONSTRAINT events_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT events_api_key_fkey FOREIGN KEY (merchant_id, api_key_id) REFERENCES api_keys (merchant_id, id)
);
CREATE INDEX events_by_refund ON events (refund_id, id);
CREATE INDEX events_by_payment ON events (payment_id, id);

CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
  FOR EACH ROW EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();
`;
