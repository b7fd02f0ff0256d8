import { sql, type Kysely } from 'kysely';

/**
 * What is told to others: their endpoints, the messages, and who has got which. A trigger writes the messages about
 * refunds in the transaction of the change, so that no code path can forget one, an older release's neither.
 *
 * Locking: creating the triggers locks `refunds` against writers for a moment; nothing is rewritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [endpoints, messages, deliveries, outbox, standing])
    await sql.raw(statement).execute(db);
}

const endpoints = `
CREATE TABLE event_endpoints (
  id uuid PRIMARY KEY,
  merchant_id uuid REFERENCES merchants,
  code text NOT NULL CONSTRAINT event_endpoints_code_unique UNIQUE,
  url text NOT NULL,
  event_types text[] NOT NULL,
  configured boolean NOT NULL DEFAULT true,
  disabled_at timestamptz,
  disabled_because text CONSTRAINT event_endpoints_disabled_because_known CHECK (disabled_because IN ('GONE', 'OPERATOR')),
  failures integer NOT NULL DEFAULT 0 CONSTRAINT event_endpoints_failures_not_negative CHECK (failures >= 0),
  paused_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT app_now(),
  CONSTRAINT event_endpoints_disabled_for_a_reason CHECK ((disabled_at IS NULL) = (disabled_because IS NULL))
);
-- What every change of a refund looks up.
CREATE INDEX event_endpoints_listening ON event_endpoints (merchant_id) WHERE configured AND disabled_at IS NULL;
COMMENT ON TABLE event_endpoints IS 'Endpoints that are, or were, configured; their secrets are in no table';
COMMENT ON COLUMN event_endpoints.merchant_id IS 'Null: of the operator, for alerts';
COMMENT ON COLUMN event_endpoints.event_types IS 'Empty: all';
COMMENT ON COLUMN event_endpoints.failures IS 'Deliveries in a row that were not accepted';
`;

const messages = `
CREATE TABLE event_messages (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY,
  merchant_id uuid REFERENCES merchants,
  subject uuid,
  version integer,
  type text NOT NULL,
  data jsonb NOT NULL,
  body text,
  at timestamptz NOT NULL DEFAULT app_now()
);
CREATE INDEX event_messages_by_age ON event_messages (at, seq);
COMMENT ON COLUMN event_messages.subject IS 'The refund that it is about; null: none';
COMMENT ON COLUMN event_messages.data IS 'The row as the change left it, so that what is told is never a later state';
COMMENT ON COLUMN event_messages.body IS 'The bytes as they were sent first: later sends are the same, of a later release as well';
`;

/** Deliveries have no foreign key to their endpoint: its check would write to that one hot row with every change. */
const deliveries = `
CREATE TABLE event_deliveries (
  endpoint_id uuid NOT NULL,
  message_id uuid NOT NULL CONSTRAINT event_deliveries_message_fkey REFERENCES event_messages,
  seq bigint NOT NULL,
  subject uuid,
  status text NOT NULL DEFAULT 'PENDING'
    CONSTRAINT event_deliveries_status_known CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED', 'DISCARDED')),
  attempts integer NOT NULL DEFAULT 0,
  claims integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT app_now(),
  lease_until timestamptz,
  last_attempt_at timestamptz,
  last_status integer,
  last_error text,
  ended_at timestamptz,
  PRIMARY KEY (endpoint_id, message_id),
  CONSTRAINT event_deliveries_ended CHECK ((status = 'PENDING') = (ended_at IS NULL))
);
CREATE INDEX event_deliveries_due ON event_deliveries (endpoint_id, next_attempt_at, seq) WHERE status = 'PENDING';
CREATE INDEX event_deliveries_in_order ON event_deliveries (endpoint_id, subject, seq) WHERE status = 'PENDING';
CREATE INDEX event_deliveries_ended_at ON event_deliveries (ended_at) WHERE status <> 'PENDING';
CREATE INDEX event_deliveries_by_message ON event_deliveries (message_id);
CREATE INDEX event_deliveries_by_subject ON event_deliveries (subject, seq);
CREATE INDEX event_deliveries_by_endpoint ON event_deliveries (endpoint_id, seq);
COMMENT ON COLUMN event_deliveries.seq IS 'Of the message: deliveries of one subject are tried in this order';
COMMENT ON COLUMN event_deliveries.attempts IS 'Since it was written or resent';
COMMENT ON COLUMN event_deliveries.claims IS 'Attempts in all; only the one that claimed it last may end it';
`;

/** The statuses that are final are those of isFinalRefund. */
const outbox = `
CREATE FUNCTION refunds_tell() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
COMMENT ON FUNCTION refunds_tell IS 'Writes one message for every version of a refund that somebody listens to';
CREATE TRIGGER refunds_tell_created AFTER INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION refunds_tell();
CREATE TRIGGER refunds_tell_changed AFTER UPDATE ON refunds FOR EACH ROW
  WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION refunds_tell();
`;

const standing = `
CREATE TABLE standing_alerts (
  code text NOT NULL,
  subject text NOT NULL,
  since timestamptz NOT NULL DEFAULT app_now(),
  PRIMARY KEY (code, subject)
);
COMMENT ON TABLE standing_alerts IS 'What somebody was called for and lasts: it is told once, whichever process notices';
`;
