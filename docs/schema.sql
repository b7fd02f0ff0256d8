-- The schema after all migrations. Made by test/db/schema-dump.test.ts; vitest -u writes it anew.

CREATE OR REPLACE FUNCTION public.app_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$SELECT now()$function$;

CREATE OR REPLACE FUNCTION public.events_are_append_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END $function$;

CREATE OR REPLACE FUNCTION public.feed_timeline()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$ SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) $function$;

CREATE OR REPLACE FUNCTION public.leg_sources_tell_seller()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  INSERT INTO refund_sellers (merchant_id, seller, created_at, refund_id)
  SELECT r.merchant_id, s.seller, r.created_at, r.id
  FROM refund_legs l JOIN refunds r ON r.id = l.refund_id JOIN payment_sources s ON s.id = NEW.source_id
  WHERE l.id = NEW.leg_id
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.open_feed_epoch(restored boolean)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  latest feed_epochs;
  here text := (SELECT system_identifier::text FROM pg_control_system());
BEGIN
  SELECT * INTO latest FROM feed_epochs ORDER BY number DESC LIMIT 1;
  IF NOT restored AND latest.system_identifier = here AND latest.timeline = feed_timeline() THEN
    RETURN latest.number;
  END IF;
  -- Two that find a new history at once open one epoch.
  INSERT INTO feed_epochs (number, ordinal, system_identifier, timeline) VALUES (
    greatest(COALESCE(latest.number, 0) + 1, extract(epoch FROM clock_timestamp())::bigint),
    COALESCE(latest.ordinal, 0) + 1, here, feed_timeline()
  ) ON CONFLICT DO NOTHING;
  RETURN (SELECT max(number) FROM feed_epochs);
END $function$;

CREATE OR REPLACE FUNCTION public.refund_legs_move_along_the_table()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leg_transitions t WHERE t.from_status = OLD.status AND t.to_status = NEW.status)
    -- What was made elsewhere is closed when it turns out to be one of ours; nothing else that succeeded ends like that.
    OR (NEW.status = 'CANCELED' AND OLD.status = 'SUCCEEDED' AND NEW.name NOT LIKE 'external:%') THEN
    RAISE EXCEPTION 'leg % cannot move from % to %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_legs_transition_known', TABLE = 'refund_legs';
  END IF;
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION public.refunds_take_their_place()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  epoch bigint;
  known text;
BEGIN
  SELECT number, timeline INTO epoch, known FROM feed_epochs ORDER BY number DESC LIMIT 1;
  IF known IS DISTINCT FROM feed_timeline() THEN
    epoch := open_feed_epoch(false);
  END IF;
  -- Clients may have seen versions that this history does not have: the first change in it outranks them. What has no
  -- place yet can only have been seen otherwise where there was a history before.
  IF TG_OP = 'UPDATE' AND OLD.change_epoch < epoch
    AND (OLD.change_epoch > 0 OR EXISTS (SELECT FROM feed_epochs WHERE number < epoch)) THEN
    NEW.version := NEW.version + 1000;
  END IF;
  NEW.change_epoch := epoch;
  NEW.change_xid := pg_current_xact_id();
  NEW.change_seq := nextval('refund_changes_seq');
  RETURN NEW;
END $function$;

CREATE OR REPLACE FUNCTION public.refunds_tell()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  is_final boolean := NEW.status IN ('SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'CANCELED', 'REVERSED');
  kind text := 'refund.updated';
  previous text;
  listening uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Made elsewhere, it may have ended when it is seen first: that is what its listeners want to hear.
    kind := CASE WHEN is_final THEN 'refund.finalized' ELSE 'refund.created' END;
  ELSE
    previous := OLD.status;
    IF is_final AND NEW.status <> OLD.status THEN kind := 'refund.finalized'; END IF;
  END IF;
  SELECT array_agg(e.id) INTO listening FROM event_endpoints e
  WHERE e.merchant_id = NEW.merchant_id AND e.configured AND e.disabled_at IS NULL
    AND (e.event_types = '{}' OR kind = ANY (e.event_types));
  IF listening IS NULL THEN RETURN NULL; END IF;

  WITH message AS (
    INSERT INTO event_messages (merchant_id, subject, version, type, data)
    SELECT NEW.merchant_id, NEW.id, NEW.version, kind, jsonb_build_object(
      'id', NEW.id, 'version', NEW.version, 'status', NEW.status, 'previousStatus', previous,
      'currency', NEW.currency, 'amountMinor', NEW.amount_minor::text, 'returnedMinor', NEW.returned_minor::text,
      'reference', NEW.reference, 'metadata', NEW.metadata, 'origin', NEW.origin,
      'needsAttention', NEW.attention IS NOT NULL,
      'createdAt', NEW.created_at, 'updatedAt', NEW.updated_at, 'finalizedAt', NEW.finalized_at,
      'legs', (SELECT COALESCE(jsonb_agg(jsonb_build_object('status', l.status,
          'amountMinor', l.amount_minor::text, 'returnedMinor', l.returned_minor::text) ORDER BY l.name), '[]')
        FROM refund_legs l WHERE l.refund_id = NEW.id),
      'payment', jsonb_build_object('id', p.id, 'accountCode', a.code, 'providerPaymentId', p.provider_payment_id))
    FROM payments p JOIN accounts a ON a.id = p.account_id WHERE p.id = NEW.payment_id
    RETURNING id, seq, subject
  )
  INSERT INTO event_deliveries (endpoint_id, message_id, seq, subject)
  SELECT unnest(listening), m.id, m.seq, m.subject FROM message m;
  RETURN NULL;
END $function$;

CREATE TABLE accounts (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  code text NOT NULL,
  provider text NOT NULL,
  identity text NOT NULL,
  display_name text NOT NULL,
  health text NOT NULL DEFAULT 'OK'::text,
  health_since timestamp with time zone NOT NULL DEFAULT app_now(),
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  health_shown_by text,
  swept_until timestamp with time zone,
  next_sweep_at timestamp with time zone,
  sweep_lease_until timestamp with time zone,
  next_probe_at timestamp with time zone,
  sweep_position jsonb,
  identity_space text NOT NULL,
  webhook_id text NOT NULL DEFAULT replace((gen_random_uuid())::text, '-'::text, ''::text),
  CONSTRAINT accounts_pkey PRIMARY KEY (id),
  CONSTRAINT accounts_code_unique UNIQUE (code),
  CONSTRAINT accounts_identity_unique UNIQUE (identity_space, identity),
  CONSTRAINT accounts_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT accounts_webhook_id_unique UNIQUE (webhook_id),
  CONSTRAINT accounts_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id),
  CONSTRAINT accounts_health_known CHECK ((health = ANY (ARRAY['OK'::text, 'CREDENTIALS_REFUSED'::text, 'RESTORING'::text]))),
  CONSTRAINT accounts_health_shown_by_known CHECK ((health_shown_by = ANY (ARRAY['SEND'::text, 'READ'::text])))
);
COMMENT ON COLUMN accounts.health_shown_by IS 'Which kind of call the provider refused: only the same kind shows that it is mended';
COMMENT ON COLUMN accounts.swept_until IS 'All refunds that the provider made before this time were compared with ours';
COMMENT ON COLUMN accounts.next_probe_at IS 'While its credentials are refused, one leg is sent then to find out whether they still are';
COMMENT ON COLUMN accounts.sweep_position IS 'The window that is being compared, and its next page; null between two windows';
COMMENT ON COLUMN accounts.identity_space IS 'Whose name the identity is: two providers may lead to one account';
COMMENT ON COLUMN accounts.webhook_id IS 'The unguessable part of the URL to which the provider sends webhooks; in a demo the code of the account';

CREATE TABLE api_keys (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  name text NOT NULL,
  sha256 bytea NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  revoked_at timestamp with time zone,
  CONSTRAINT api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT api_keys_hash_unique UNIQUE (sha256),
  CONSTRAINT api_keys_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT api_keys_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
);
COMMENT ON TABLE api_keys IS 'Every key that was ever configured, so that an event names who acted after the key is gone';

CREATE TABLE epochs (
  number integer NOT NULL,
  opened_at timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT epochs_pkey PRIMARY KEY (number)
);
COMMENT ON TABLE epochs IS 'A new one is opened after a restore; what an earlier one knew has to be read again before anything is sent';

CREATE TABLE event_deliveries (
  endpoint_id uuid NOT NULL,
  message_id uuid NOT NULL,
  seq bigint NOT NULL,
  subject uuid,
  status text NOT NULL DEFAULT 'PENDING'::text,
  attempts integer NOT NULL DEFAULT 0,
  claims integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp with time zone NOT NULL DEFAULT app_now(),
  lease_until timestamp with time zone,
  last_attempt_at timestamp with time zone,
  last_status integer,
  last_error text,
  ended_at timestamp with time zone,
  CONSTRAINT event_deliveries_pkey PRIMARY KEY (endpoint_id, message_id),
  CONSTRAINT event_deliveries_message_fkey FOREIGN KEY (message_id) REFERENCES event_messages(id),
  CONSTRAINT event_deliveries_ended CHECK (((status = 'PENDING'::text) = (ended_at IS NULL))),
  CONSTRAINT event_deliveries_status_known CHECK ((status = ANY (ARRAY['PENDING'::text, 'DELIVERED'::text, 'FAILED'::text, 'DISCARDED'::text])))
);
CREATE INDEX event_deliveries_by_endpoint ON event_deliveries USING btree (endpoint_id, seq);
CREATE INDEX event_deliveries_by_message ON event_deliveries USING btree (message_id);
CREATE INDEX event_deliveries_by_subject ON event_deliveries USING btree (subject, seq);
CREATE INDEX event_deliveries_due ON event_deliveries USING btree (endpoint_id, next_attempt_at, seq) WHERE (status = 'PENDING'::text);
CREATE INDEX event_deliveries_ended_at ON event_deliveries USING btree (ended_at) WHERE (status <> 'PENDING'::text);
CREATE INDEX event_deliveries_in_order ON event_deliveries USING btree (endpoint_id, subject, seq) WHERE (status = 'PENDING'::text);
COMMENT ON COLUMN event_deliveries.seq IS 'Of the message: deliveries of one subject are tried in this order';
COMMENT ON COLUMN event_deliveries.attempts IS 'Since it was written or resent';
COMMENT ON COLUMN event_deliveries.claims IS 'Attempts in all; only the one that claimed it last may end it';

CREATE TABLE event_endpoints (
  id uuid NOT NULL,
  merchant_id uuid,
  code text NOT NULL,
  url text NOT NULL,
  event_types text[] NOT NULL,
  configured boolean NOT NULL DEFAULT true,
  disabled_at timestamp with time zone,
  disabled_because text,
  failures integer NOT NULL DEFAULT 0,
  paused_until timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT event_endpoints_pkey PRIMARY KEY (id),
  CONSTRAINT event_endpoints_code_unique UNIQUE (code),
  CONSTRAINT event_endpoints_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id),
  CONSTRAINT event_endpoints_disabled_because_known CHECK ((disabled_because = ANY (ARRAY['GONE'::text, 'OPERATOR'::text]))),
  CONSTRAINT event_endpoints_disabled_for_a_reason CHECK (((disabled_at IS NULL) = (disabled_because IS NULL))),
  CONSTRAINT event_endpoints_failures_not_negative CHECK ((failures >= 0))
);
CREATE INDEX event_endpoints_listening ON event_endpoints USING btree (merchant_id) WHERE (configured AND (disabled_at IS NULL));
COMMENT ON TABLE event_endpoints IS 'Endpoints that are, or were, configured; their secrets are in no table';
COMMENT ON COLUMN event_endpoints.merchant_id IS 'Null: of the operator, for alerts';
COMMENT ON COLUMN event_endpoints.event_types IS 'Empty: all';
COMMENT ON COLUMN event_endpoints.failures IS 'Deliveries in a row that were not accepted';

CREATE TABLE event_messages (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  merchant_id uuid,
  subject uuid,
  version integer,
  type text NOT NULL,
  data jsonb NOT NULL,
  body text,
  at timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT event_messages_pkey PRIMARY KEY (id),
  CONSTRAINT event_messages_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
);
CREATE INDEX event_messages_by_age ON event_messages USING btree (at, seq);
COMMENT ON COLUMN event_messages.subject IS 'The refund that it is about; null: none';
COMMENT ON COLUMN event_messages.data IS 'The row as the change left it, so that what is told is never a later state';
COMMENT ON COLUMN event_messages.body IS 'The bytes as they were sent first: later sends are the same, of a later release as well';

CREATE TABLE events (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
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
  evidence jsonb NOT NULL DEFAULT '{}'::jsonb,
  at timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT events_pkey PRIMARY KEY (id),
  CONSTRAINT events_api_key_fkey FOREIGN KEY (merchant_id, api_key_id) REFERENCES api_keys(merchant_id, id),
  CONSTRAINT events_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id)
);
CREATE INDEX events_by_payment ON events USING btree (payment_id, id);
CREATE INDEX events_by_refund ON events USING btree (refund_id, id);
CREATE TRIGGER events_no_change BEFORE DELETE OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

CREATE TABLE feed_epochs (
  number bigint NOT NULL,
  ordinal integer NOT NULL,
  system_identifier text NOT NULL,
  timeline text NOT NULL,
  opened_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT feed_epochs_pkey PRIMARY KEY (number),
  CONSTRAINT feed_epochs_opened_once UNIQUE (ordinal)
);
COMMENT ON TABLE feed_epochs IS 'Histories of this database: transaction ids of different ones say nothing about each other';

CREATE TABLE idempotency (
  merchant_id uuid NOT NULL,
  key text NOT NULL,
  hash_version smallint NOT NULL,
  content_hash bytea NOT NULL,
  refund_id uuid,
  operation_id uuid,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT idempotency_pkey PRIMARY KEY (merchant_id, key),
  CONSTRAINT idempotency_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id),
  CONSTRAINT idempotency_operation_fkey FOREIGN KEY (merchant_id, operation_id) REFERENCES payment_operations(merchant_id, id),
  CONSTRAINT idempotency_refund_fkey FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds(merchant_id, id),
  CONSTRAINT idempotency_names_its_result CHECK ((num_nonnulls(refund_id, operation_id) >= 1))
);
CREATE UNIQUE INDEX idempotency_by_refund ON idempotency USING btree (refund_id) WHERE (refund_id IS NOT NULL);

CREATE TABLE installation (
  id smallint NOT NULL DEFAULT 1,
  demo boolean NOT NULL,
  clock_offset interval NOT NULL DEFAULT '00:00:00'::interval,
  CONSTRAINT installation_pkey PRIMARY KEY (id),
  CONSTRAINT installation_is_one_row CHECK ((id = 1))
);
COMMENT ON TABLE installation IS 'What this database is for; clock_offset is read in demo and test mode only';

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
  first_sent_at timestamp with time zone,
  last_sent_at timestamp with time zone,
  outcome text,
  outcome_at timestamp with time zone,
  evidence jsonb NOT NULL DEFAULT '{}'::jsonb,
  provider_refund_id text,
  looks jsonb NOT NULL DEFAULT '[]'::jsonb,
  CONSTRAINT leg_attempts_pkey PRIMARY KEY (leg_id, attempt),
  CONSTRAINT leg_attempts_provider_key_unique UNIQUE (account_id, provider_key),
  CONSTRAINT leg_attempts_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs(merchant_id, id),
  CONSTRAINT leg_attempts_outcome_known CHECK ((outcome = ANY (ARRAY['accepted'::text, 'refused'::text, 'deferred'::text, 'not-sent'::text, 'unknown'::text])))
);
COMMENT ON TABLE leg_attempts IS 'One provider key of a leg, with the exact bytes that every send of it repeats';
COMMENT ON COLUMN leg_attempts.looks IS 'Looks for a lost answer: when, and what they found; the newest ones';

CREATE TABLE leg_sources (
  leg_id uuid NOT NULL,
  source_id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  amount_minor bigint NOT NULL,
  platform_fee_minor bigint,
  CONSTRAINT leg_sources_pkey PRIMARY KEY (leg_id, source_id),
  CONSTRAINT leg_sources_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs(merchant_id, id),
  CONSTRAINT leg_sources_source_fkey FOREIGN KEY (merchant_id, source_id) REFERENCES payment_sources(merchant_id, id),
  CONSTRAINT leg_sources_amount_positive CHECK ((amount_minor > 0))
);
CREATE INDEX leg_sources_by_source ON leg_sources USING btree (source_id);
CREATE TRIGGER leg_sources_seller AFTER INSERT ON leg_sources FOR EACH ROW EXECUTE FUNCTION leg_sources_tell_seller();

CREATE TABLE leg_transitions (
  from_status text NOT NULL,
  to_status text NOT NULL,
  CONSTRAINT leg_transitions_pkey PRIMARY KEY (from_status, to_status)
);
COMMENT ON TABLE leg_transitions IS 'Every move of a leg that exists; others are refused';

CREATE TABLE merchants (
  id uuid NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT merchants_pkey PRIMARY KEY (id),
  CONSTRAINT merchants_code_unique UNIQUE (code)
);
COMMENT ON COLUMN merchants.code IS 'Immutable: provider keys are derived from it';

CREATE TABLE payment_items (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  item text NOT NULL,
  title text NOT NULL,
  position integer NOT NULL,
  sold_hundredths bigint NOT NULL,
  sold_minor bigint NOT NULL,
  left_hundredths bigint NOT NULL,
  left_minor bigint NOT NULL,
  returned_hundredths bigint NOT NULL DEFAULT 0,
  returned_minor bigint NOT NULL DEFAULT 0,
  reserved_hundredths bigint NOT NULL DEFAULT 0,
  reserved_minor bigint NOT NULL DEFAULT 0,
  overcommitted boolean NOT NULL DEFAULT false,
  CONSTRAINT payment_items_pkey PRIMARY KEY (id),
  CONSTRAINT payment_items_item_unique UNIQUE (payment_id, item),
  CONSTRAINT payment_items_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payment_items_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id),
  CONSTRAINT payment_items_never_more_than_sold CHECK ((overcommitted OR (((returned_hundredths + reserved_hundredths) <= sold_hundredths) AND ((returned_minor + reserved_minor) <= sold_minor)))),
  CONSTRAINT payment_items_reserved_not_negative CHECK (((reserved_hundredths >= 0) AND (reserved_minor >= 0))),
  CONSTRAINT payment_items_returned_not_negative CHECK (((returned_hundredths >= 0) AND (returned_minor >= 0))),
  CONSTRAINT payment_items_sold_not_negative CHECK (((sold_hundredths >= 0) AND (sold_minor >= 0)))
);
COMMENT ON TABLE payment_items IS 'Lines of the cart of a payment; quantities in hundredths of a unit';
COMMENT ON COLUMN payment_items.sold_minor IS 'As it was seen first, or last before it was captured: what is refundable of it at most';
COMMENT ON COLUMN payment_items.left_minor IS 'As the provider told it last';

CREATE TABLE payment_operations (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  provider_key text NOT NULL,
  wire_version text NOT NULL,
  method text NOT NULL,
  path text NOT NULL,
  headers jsonb NOT NULL,
  body text,
  sends integer NOT NULL DEFAULT 0,
  first_sent_at timestamp with time zone,
  lease_until timestamp with time zone,
  failure jsonb,
  evidence jsonb NOT NULL DEFAULT '{}'::jsonb,
  reason text NOT NULL,
  note text,
  created_by uuid,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  updated_at timestamp with time zone NOT NULL DEFAULT app_now(),
  finalized_at timestamp with time zone,
  next_look_at timestamp with time zone,
  look_lease_until timestamp with time zone,
  look_failures integer NOT NULL DEFAULT 0,
  refund_id uuid,
  CONSTRAINT payment_operations_pkey PRIMARY KEY (id),
  CONSTRAINT payment_operations_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payment_operations_provider_key_unique UNIQUE (account_id, provider_key),
  CONSTRAINT payment_operations_created_by_fkey FOREIGN KEY (merchant_id, created_by) REFERENCES api_keys(merchant_id, id),
  CONSTRAINT payment_operations_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id),
  CONSTRAINT payment_operations_refund_fkey FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds(merchant_id, id),
  CONSTRAINT payment_operations_kind_known CHECK ((kind = ANY (ARRAY['VOID'::text, 'CANCEL_UNPAID'::text]))),
  CONSTRAINT payment_operations_status_known CHECK ((status = ANY (ARRAY['SENDING'::text, 'UNKNOWN'::text, 'SUCCEEDED'::text, 'FAILED'::text])))
);
CREATE INDEX payment_operations_due ON payment_operations USING btree (account_id, next_look_at) WHERE (next_look_at IS NOT NULL);
CREATE UNIQUE INDEX payment_operations_one_open_per_payment ON payment_operations USING btree (payment_id) WHERE (status = ANY (ARRAY['SENDING'::text, 'UNKNOWN'::text]));
COMMENT ON COLUMN payment_operations.refund_id IS 'The refund that it became, because the payment was captured meanwhile';

CREATE TABLE payment_sources (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  seller text NOT NULL,
  captured_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL DEFAULT 0,
  reserved_minor bigint NOT NULL DEFAULT 0,
  platform_fee_minor bigint,
  fee_returned_minor bigint NOT NULL DEFAULT 0,
  fee_reserved_minor bigint NOT NULL DEFAULT 0,
  overcommitted boolean NOT NULL DEFAULT false,
  CONSTRAINT payment_sources_pkey PRIMARY KEY (id),
  CONSTRAINT payment_sources_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payment_sources_seller_unique UNIQUE (payment_id, seller),
  CONSTRAINT payment_sources_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id),
  CONSTRAINT payment_sources_captured_not_negative CHECK ((captured_minor >= 0)),
  CONSTRAINT payment_sources_fee_never_more_than_withheld CHECK ((overcommitted OR ((fee_returned_minor + fee_reserved_minor) <= COALESCE(platform_fee_minor, (0)::bigint)))),
  CONSTRAINT payment_sources_fee_reserved_not_negative CHECK ((fee_reserved_minor >= 0)),
  CONSTRAINT payment_sources_fee_returned_not_negative CHECK ((fee_returned_minor >= 0)),
  CONSTRAINT payment_sources_never_more_than_captured CHECK ((overcommitted OR ((refunded_minor + reserved_minor) <= captured_minor))),
  CONSTRAINT payment_sources_refunded_not_negative CHECK ((refunded_minor >= 0)),
  CONSTRAINT payment_sources_reserved_not_negative CHECK ((reserved_minor >= 0))
);
CREATE INDEX payment_sources_by_seller ON payment_sources USING btree (merchant_id, seller, payment_id);

CREATE TABLE payments (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  provider_payment_id text NOT NULL,
  order_reference text,
  state text NOT NULL,
  raw_status text NOT NULL,
  method text,
  currency character(3) NOT NULL,
  amount_minor bigint NOT NULL,
  captured_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL DEFAULT 0,
  reserved_minor bigint NOT NULL DEFAULT 0,
  unbound_minor bigint NOT NULL DEFAULT 0,
  provider_refunded_minor bigint,
  refundable_by_provider boolean NOT NULL,
  overcommitted boolean NOT NULL DEFAULT false,
  provider_created_at timestamp with time zone NOT NULL,
  captured_at timestamp with time zone,
  hold_expires_at timestamp with time zone,
  refund_window_closes_at timestamp with time zone,
  as_of timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  updated_at timestamp with time zone NOT NULL DEFAULT app_now(),
  next_look_at timestamp with time zone,
  look_lease_until timestamp with time zone,
  look_failures integer NOT NULL DEFAULT 0,
  mismatch_looks integer NOT NULL DEFAULT 0,
  read_epoch integer NOT NULL DEFAULT 1,
  released_epoch integer,
  handles jsonb NOT NULL DEFAULT '{}'::jsonb,
  whole_only boolean NOT NULL DEFAULT false,
  facts_from text NOT NULL DEFAULT 'PROVIDER'::text,
  looked_at timestamp with time zone,
  look_retry_at timestamp with time zone,
  look_retries integer NOT NULL DEFAULT 0,
  CONSTRAINT payments_pkey PRIMARY KEY (id),
  CONSTRAINT payments_of_account UNIQUE (account_id, provider_payment_id),
  CONSTRAINT payments_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payments_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts(merchant_id, id),
  CONSTRAINT payments_amount_not_negative CHECK ((amount_minor >= 0)),
  CONSTRAINT payments_captured_not_negative CHECK ((captured_minor >= 0)),
  CONSTRAINT payments_facts_from_known CHECK ((facts_from = ANY (ARRAY['PROVIDER'::text, 'CALLER'::text]))),
  CONSTRAINT payments_never_more_than_captured CHECK ((overcommitted OR ((refunded_minor + reserved_minor) <= captured_minor))),
  CONSTRAINT payments_refunded_not_negative CHECK ((refunded_minor >= 0)),
  CONSTRAINT payments_reserved_not_negative CHECK ((reserved_minor >= 0)),
  CONSTRAINT payments_state_known CHECK ((state = ANY (ARRAY['PENDING'::text, 'AUTHORIZED'::text, 'CAPTURED'::text, 'CANCELED'::text, 'FAILED'::text]))),
  CONSTRAINT payments_unbound_not_negative CHECK ((unbound_minor >= 0))
);
CREATE INDEX payments_by_account ON payments USING btree (merchant_id, account_id, created_at DESC, id DESC);
CREATE INDEX payments_by_order_reference ON payments USING btree (merchant_id, order_reference, created_at DESC, id DESC);
CREATE INDEX payments_due ON payments USING btree (account_id, next_look_at) WHERE (next_look_at IS NOT NULL);
CREATE INDEX payments_newest ON payments USING btree (merchant_id, created_at DESC, id DESC);
CREATE INDEX payments_not_captured ON payments USING btree (merchant_id, created_at DESC, id DESC) WHERE (state <> 'CAPTURED'::text);
COMMENT ON COLUMN payments.unbound_minor IS 'Provider refunds that belong to nobody yet; they lower what is refundable';
COMMENT ON COLUMN payments.as_of IS 'Database time at which the provider request behind these facts started';
COMMENT ON COLUMN payments.next_look_at IS 'Set while something about the payment is not explained: unbound refunds, or sums that differ';
COMMENT ON COLUMN payments.mismatch_looks IS 'Looks in a row at which the provider''s sum differed from ours';
COMMENT ON COLUMN payments.read_epoch IS 'The epoch in which the provider''s refunds of this payment were last read completely';
COMMENT ON COLUMN payments.released_epoch IS 'A person has released this payment in that epoch, where refunds cannot be read';
COMMENT ON COLUMN payments.handles IS 'What calls about the payment need besides its id, in the words of its provider; never secret';
COMMENT ON COLUMN payments.whole_only IS 'Only the whole payment can be refunded, at once';
COMMENT ON COLUMN payments.facts_from IS 'CALLER: the provider cannot be asked, and a caller has said what was captured';
COMMENT ON COLUMN payments.looked_at IS 'When the provider was asked last and answered, also where it knew of nothing';
COMMENT ON COLUMN payments.look_retry_at IS 'After a look that was not answered: no reader has it asked again before';
COMMENT ON COLUMN payments.look_retries IS 'Looks in a row that were not answered, whoever began them';

CREATE TABLE provider_refunds (
  account_id uuid NOT NULL,
  provider_refund_id text NOT NULL,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  leg_id uuid,
  status text NOT NULL,
  raw_status text NOT NULL,
  currency character(3) NOT NULL,
  amount_minor bigint NOT NULL,
  our_reference text,
  provider_created_at timestamp with time zone NOT NULL,
  first_seen_at timestamp with time zone NOT NULL DEFAULT app_now(),
  as_of timestamp with time zone NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'::jsonb,
  told_at timestamp with time zone,
  CONSTRAINT provider_refunds_pkey PRIMARY KEY (account_id, provider_refund_id),
  CONSTRAINT provider_refunds_leg_unique UNIQUE (leg_id),
  CONSTRAINT provider_refunds_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs(merchant_id, id),
  CONSTRAINT provider_refunds_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id)
);
CREATE INDEX provider_refunds_by_payment ON provider_refunds USING btree (payment_id);
COMMENT ON TABLE provider_refunds IS 'Every provider refund ever seen; leg_id is null until it is known whose it is';
COMMENT ON COLUMN provider_refunds.details IS 'In the words of the provider, such as a batch; no part of any decision';
COMMENT ON COLUMN provider_refunds.told_at IS 'When what a message of its provider told last has happened, by the clock of the provider';

CREATE TABLE refund_items (
  leg_id uuid NOT NULL,
  item_id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  refund_id uuid NOT NULL,
  quantity_hundredths bigint NOT NULL,
  amount_minor bigint NOT NULL,
  CONSTRAINT refund_items_pkey PRIMARY KEY (leg_id, item_id),
  CONSTRAINT refund_items_item_fkey FOREIGN KEY (merchant_id, item_id) REFERENCES payment_items(merchant_id, id),
  CONSTRAINT refund_items_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs(merchant_id, id),
  CONSTRAINT refund_items_amounts CHECK (((quantity_hundredths >= 0) AND (amount_minor > 0)))
);
CREATE INDEX refund_items_by_item ON refund_items USING btree (item_id);
CREATE INDEX refund_items_by_refund ON refund_items USING btree (refund_id);
COMMENT ON TABLE refund_items IS 'What a leg takes of a line: a quantity at its price, or with quantity 0 only a part of the price';

CREATE TABLE refund_legs (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  refund_id uuid NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  amount_minor bigint NOT NULL,
  returned_minor bigint NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 1,
  provider_refund_id text,
  raw_status text,
  failure jsonb,
  trace_references jsonb NOT NULL DEFAULT '[]'::jsonb,
  sent_at timestamp with time zone,
  lease_until timestamp with time zone,
  next_look_at timestamp with time zone,
  as_of timestamp with time zone NOT NULL DEFAULT app_now(),
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  updated_at timestamp with time zone NOT NULL DEFAULT app_now(),
  finalized_at timestamp with time zone,
  look_lease_until timestamp with time zone,
  look_failures integer NOT NULL DEFAULT 0,
  vanished_at timestamp with time zone,
  looked_at timestamp with time zone,
  look_retry_at timestamp with time zone,
  look_retries integer NOT NULL DEFAULT 0,
  look_is_shared boolean NOT NULL DEFAULT false,
  CONSTRAINT refund_legs_pkey PRIMARY KEY (id),
  CONSTRAINT refund_legs_name_unique UNIQUE (refund_id, name),
  CONSTRAINT refund_legs_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT refund_legs_provider_refund_unique UNIQUE (account_id, provider_refund_id),
  CONSTRAINT refund_legs_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts(merchant_id, id),
  CONSTRAINT refund_legs_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id),
  CONSTRAINT refund_legs_refund_fkey FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds(merchant_id, id),
  CONSTRAINT refund_legs_amount_positive CHECK ((amount_minor > 0)),
  CONSTRAINT refund_legs_returned_not_negative CHECK ((returned_minor >= 0)),
  CONSTRAINT refund_legs_sending_has_lease CHECK (((status <> 'SENDING'::text) OR ((sent_at IS NOT NULL) AND (lease_until IS NOT NULL)))),
  CONSTRAINT refund_legs_status_known CHECK ((status = ANY (ARRAY['QUEUED'::text, 'SENDING'::text, 'PENDING'::text, 'UNKNOWN'::text, 'MANUAL_REVIEW'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELED'::text, 'REVERSED'::text])))
);
CREATE INDEX refund_legs_due ON refund_legs USING btree (account_id, next_look_at) WHERE (next_look_at IS NOT NULL);
CREATE UNIQUE INDEX refund_legs_one_sending_per_payment ON refund_legs USING btree (payment_id) WHERE (status = 'SENDING'::text);
CREATE INDEX refund_legs_open ON refund_legs USING btree (payment_id) WHERE (status = ANY (ARRAY['QUEUED'::text, 'SENDING'::text, 'PENDING'::text, 'UNKNOWN'::text, 'MANUAL_REVIEW'::text]));
CREATE TRIGGER refund_legs_transition BEFORE UPDATE OF status ON refund_legs FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION refund_legs_move_along_the_table();
COMMENT ON COLUMN refund_legs.next_look_at IS 'When somebody has to look again; null: nobody has to';
COMMENT ON COLUMN refund_legs.look_lease_until IS 'Until then one process has taken this look; its value is that claim''s token';
COMMENT ON COLUMN refund_legs.look_failures IS 'Looks in a row that the provider did not answer';
COMMENT ON COLUMN refund_legs.vanished_at IS 'Since then its provider does not know the refund that it had named';
COMMENT ON COLUMN refund_legs.looked_at IS 'When the provider was asked last and answered, also where it knew of nothing';
COMMENT ON COLUMN refund_legs.look_retry_at IS 'After a look that was not answered: no reader has it asked again before';
COMMENT ON COLUMN refund_legs.look_retries IS 'Looks in a row that were not answered, whoever began them';
COMMENT ON COLUMN refund_legs.look_is_shared IS 'look_lease_until is held for readers: no plan of recovery goes on under it';

CREATE TABLE refund_sellers (
  merchant_id uuid NOT NULL,
  seller text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  refund_id uuid NOT NULL,
  CONSTRAINT refund_sellers_pkey PRIMARY KEY (merchant_id, seller, created_at, refund_id)
);
COMMENT ON TABLE refund_sellers IS 'Refunds by seller in the order of lists; follows from leg_sources';

CREATE TABLE refunds (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  origin text NOT NULL,
  status text NOT NULL,
  currency character(3) NOT NULL,
  amount_minor bigint NOT NULL,
  returned_minor bigint NOT NULL DEFAULT 0,
  reference text,
  reason text NOT NULL,
  note text,
  metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
  receipt jsonb,
  retries integer NOT NULL DEFAULT 0,
  created_by uuid,
  version integer NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL DEFAULT app_now(),
  updated_at timestamp with time zone NOT NULL DEFAULT app_now(),
  finalized_at timestamp with time zone,
  speed text,
  replaces uuid,
  attention text,
  attention_since timestamp with time zone,
  change_epoch bigint NOT NULL DEFAULT 0,
  change_xid xid8 NOT NULL DEFAULT '0'::xid8,
  change_seq bigint NOT NULL DEFAULT 0,
  CONSTRAINT refunds_pkey PRIMARY KEY (id),
  CONSTRAINT refunds_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT refunds_reference_unique UNIQUE (merchant_id, reference),
  CONSTRAINT refunds_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts(merchant_id, id),
  CONSTRAINT refunds_created_by_fkey FOREIGN KEY (merchant_id, created_by) REFERENCES api_keys(merchant_id, id),
  CONSTRAINT refunds_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id),
  CONSTRAINT refunds_replaces_fkey FOREIGN KEY (merchant_id, replaces) REFERENCES refunds(merchant_id, id),
  CONSTRAINT refunds_amount_positive CHECK ((amount_minor > 0)),
  CONSTRAINT refunds_attention_has_since CHECK (((attention IS NULL) = (attention_since IS NULL))),
  CONSTRAINT refunds_attention_known CHECK ((attention = ANY (ARRAY['MANUAL_REVIEW'::text, 'UNKNOWN_TOO_LONG'::text, 'PENDING_TOO_LONG'::text, 'QUEUED_TOO_LONG'::text, 'ACCOUNT_PAUSED'::text]))),
  CONSTRAINT refunds_origin_known CHECK ((origin = ANY (ARRAY['API'::text, 'CONSOLE'::text, 'BULK'::text, 'EXTERNAL'::text]))),
  CONSTRAINT refunds_replaces_another CHECK ((replaces <> id)),
  CONSTRAINT refunds_returned_not_negative CHECK ((returned_minor >= 0)),
  CONSTRAINT refunds_speed_known CHECK ((speed = ANY (ARRAY['NORMAL'::text, 'OPTIMUM'::text]))),
  CONSTRAINT refunds_status_known CHECK ((status = ANY (ARRAY['AWAITING_APPROVAL'::text, 'QUEUED'::text, 'PENDING'::text, 'UNKNOWN'::text, 'MANUAL_REVIEW'::text, 'SUCCEEDED'::text, 'PARTIALLY_SUCCEEDED'::text, 'FAILED'::text, 'CANCELED'::text, 'REVERSED'::text])))
);
CREATE INDEX refunds_by_account ON refunds USING btree (merchant_id, account_id, created_at DESC, id DESC);
CREATE INDEX refunds_by_account_and_status ON refunds USING btree (merchant_id, account_id, status, created_at DESC, id DESC);
CREATE INDEX refunds_by_change ON refunds USING btree (merchant_id, change_epoch, change_xid, change_seq) WHERE (change_epoch > 0);
CREATE INDEX refunds_by_other_origin ON refunds USING btree (merchant_id, origin, created_at DESC, id DESC) WHERE (origin <> 'API'::text);
CREATE INDEX refunds_by_payment ON refunds USING btree (payment_id, created_at DESC, id DESC);
CREATE INDEX refunds_by_status ON refunds USING btree (merchant_id, status, created_at DESC, id DESC);
CREATE INDEX refunds_needing_attention ON refunds USING btree (merchant_id, created_at DESC, id DESC) WHERE (attention IS NOT NULL);
CREATE INDEX refunds_newest ON refunds USING btree (merchant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX refunds_replaced_once ON refunds USING btree (replaces) WHERE (replaces IS NOT NULL);
CREATE TRIGGER refunds_change BEFORE UPDATE ON refunds FOR EACH ROW WHEN ((old.version IS DISTINCT FROM new.version)) EXECUTE FUNCTION refunds_take_their_place();
CREATE TRIGGER refunds_new_change BEFORE INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION refunds_take_their_place();
CREATE TRIGGER refunds_tell_changed AFTER UPDATE ON refunds FOR EACH ROW WHEN ((old.version IS DISTINCT FROM new.version)) EXECUTE FUNCTION refunds_tell();
CREATE TRIGGER refunds_tell_created AFTER INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION refunds_tell();
COMMENT ON COLUMN refunds.attention IS 'Why a person should look; null: nobody has to';
COMMENT ON COLUMN refunds.change_epoch IS 'With change_xid and change_seq the place in the feed of changes; 0: it has not changed since there is one';

CREATE TABLE standing_alerts (
  code text NOT NULL,
  subject text NOT NULL,
  since timestamp with time zone NOT NULL DEFAULT app_now(),
  CONSTRAINT standing_alerts_pkey PRIMARY KEY (code, subject)
);
COMMENT ON TABLE standing_alerts IS 'What somebody was called for and lasts: it is told once, whichever process notices';

CREATE TABLE webhook_deliveries (
  id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  deduplication_key text NOT NULL,
  event text NOT NULL,
  provider_refund_id text,
  provider_payment_id text,
  our_reference text,
  evidence jsonb,
  times integer NOT NULL DEFAULT 1,
  status text NOT NULL DEFAULT 'PENDING'::text,
  received_at timestamp with time zone NOT NULL DEFAULT app_now(),
  last_received_at timestamp with time zone NOT NULL DEFAULT app_now(),
  next_look_at timestamp with time zone,
  look_lease_until timestamp with time zone,
  look_failures integer NOT NULL DEFAULT 0,
  done_at timestamp with time zone,
  CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_deliveries_told_once UNIQUE (account_id, deduplication_key),
  CONSTRAINT webhook_deliveries_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts(merchant_id, id),
  CONSTRAINT webhook_deliveries_pending_is_due CHECK (((status = 'PENDING'::text) = (next_look_at IS NOT NULL))),
  CONSTRAINT webhook_deliveries_short CHECK (((length(deduplication_key) <= 300) AND (length(event) <= 100) AND (length(provider_refund_id) <= 255) AND (length(provider_payment_id) <= 255) AND (length(our_reference) <= 255))),
  CONSTRAINT webhook_deliveries_status_known CHECK ((status = ANY (ARRAY['PENDING'::text, 'DONE'::text, 'IGNORED'::text])))
);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries USING btree (last_received_at) WHERE (next_look_at IS NULL);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries USING btree (account_id, next_look_at) WHERE (next_look_at IS NOT NULL);
CREATE INDEX webhook_deliveries_ignored ON webhook_deliveries USING btree (account_id, last_received_at) WHERE (status = 'IGNORED'::text);
COMMENT ON TABLE webhook_deliveries IS 'Messages of providers, verified where they can be: what they are about, never their bodies';
COMMENT ON COLUMN webhook_deliveries.evidence IS 'What a signed message proves, where the provider cannot be asked';
COMMENT ON COLUMN webhook_deliveries.times IS 'How often it came';
COMMENT ON COLUMN webhook_deliveries.status IS 'IGNORED: about nothing that is known here';
