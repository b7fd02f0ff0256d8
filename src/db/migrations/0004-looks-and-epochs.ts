import { sql, type Kysely } from 'kysely';

/**
 * What the engine needs to find out by itself what became of every refund: when a row is looked at next and by
 * whom, which moves of a leg exist, what waits for a person, and in which epoch a payment was read.
 *
 * Locking: each table is locked exclusively for a moment; columns have constant defaults, so that nothing is
 * rewritten. The indexes are small (open rows only) and are built inside the transaction.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [looks, waitingRows, transitions, attention, accounts, epochs])
    await sql.raw(statement).execute(db);
}

const looks = `
ALTER TABLE refund_legs
  ADD COLUMN look_lease_until timestamptz,
  ADD COLUMN look_failures integer NOT NULL DEFAULT 0,
  ADD COLUMN vanished_at timestamptz;
COMMENT ON COLUMN refund_legs.vanished_at IS 'Since then its provider does not know the refund that it had named';
COMMENT ON COLUMN refund_legs.next_look_at IS 'When somebody has to look again; null: nobody has to';
COMMENT ON COLUMN refund_legs.look_lease_until IS 'Until then one process has taken this look; its value is that claim''s token';
COMMENT ON COLUMN refund_legs.look_failures IS 'Looks in a row that the provider did not answer';
DROP INDEX refund_legs_due;
CREATE INDEX refund_legs_due ON refund_legs (account_id, next_look_at) WHERE next_look_at IS NOT NULL;

ALTER TABLE payments
  ADD COLUMN next_look_at timestamptz,
  ADD COLUMN look_lease_until timestamptz,
  ADD COLUMN look_failures integer NOT NULL DEFAULT 0,
  ADD COLUMN mismatch_looks integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN payments.next_look_at IS 'Set while something about the payment is not explained: unbound refunds, or sums that differ';
COMMENT ON COLUMN payments.mismatch_looks IS 'Looks in a row at which the provider''s sum differed from ours';
CREATE INDEX payments_due ON payments (account_id, next_look_at) WHERE next_look_at IS NOT NULL;

ALTER TABLE payment_operations
  ADD COLUMN next_look_at timestamptz,
  ADD COLUMN look_lease_until timestamptz,
  ADD COLUMN look_failures integer NOT NULL DEFAULT 0;
CREATE INDEX payment_operations_due ON payment_operations (account_id, next_look_at) WHERE next_look_at IS NOT NULL;

ALTER TABLE leg_attempts ADD COLUMN looks jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN leg_attempts.looks IS 'Looks for a lost answer: when, and what they found; the newest ones';
`;

/** Rows of the release before this one that nobody would look at. */
const waitingRows = `
UPDATE refund_legs SET next_look_at = COALESCE(lease_until, app_now())
  WHERE next_look_at IS NULL AND status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW');
UPDATE payment_operations SET next_look_at = COALESCE(lease_until, app_now()) WHERE status IN ('SENDING', 'UNKNOWN');
UPDATE payments SET next_look_at = app_now() WHERE unbound_minor > 0;
`;

/** The table of src/refunds/transitions.ts; a test compares the two. A new move is a new migration. */
const transitions = `
CREATE TABLE leg_transitions (
  from_status text NOT NULL,
  to_status text NOT NULL,
  PRIMARY KEY (from_status, to_status)
);
COMMENT ON TABLE leg_transitions IS 'Every move of a leg that exists; others are refused';
INSERT INTO leg_transitions (from_status, to_status) VALUES
  ('QUEUED', 'SENDING'), ('QUEUED', 'CANCELED'), ('QUEUED', 'PENDING'), ('QUEUED', 'SUCCEEDED'), ('QUEUED', 'FAILED'),
  ('QUEUED', 'MANUAL_REVIEW'),
  ('SENDING', 'PENDING'), ('SENDING', 'SUCCEEDED'), ('SENDING', 'FAILED'), ('SENDING', 'MANUAL_REVIEW'),
  ('SENDING', 'UNKNOWN'), ('SENDING', 'QUEUED'),
  ('UNKNOWN', 'PENDING'), ('UNKNOWN', 'SUCCEEDED'), ('UNKNOWN', 'FAILED'), ('UNKNOWN', 'MANUAL_REVIEW'),
  ('PENDING', 'SUCCEEDED'), ('PENDING', 'FAILED'), ('PENDING', 'MANUAL_REVIEW'), ('PENDING', 'CANCELED'),
  ('MANUAL_REVIEW', 'PENDING'), ('MANUAL_REVIEW', 'SUCCEEDED'), ('MANUAL_REVIEW', 'FAILED'),
  ('SUCCEEDED', 'REVERSED'), ('SUCCEEDED', 'CANCELED'),
  ('FAILED', 'QUEUED'), ('FAILED', 'PENDING'), ('FAILED', 'SUCCEEDED'), ('FAILED', 'MANUAL_REVIEW'),
  ('CANCELED', 'PENDING'), ('CANCELED', 'SUCCEEDED'), ('CANCELED', 'MANUAL_REVIEW');

CREATE FUNCTION refund_legs_move_along_the_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leg_transitions t WHERE t.from_status = OLD.status AND t.to_status = NEW.status)
    -- What was made elsewhere is closed when it turns out to be one of ours; nothing else ends like that.
    OR (NEW.status = 'CANCELED' AND OLD.status IN ('PENDING', 'SUCCEEDED') AND NEW.name NOT LIKE 'external:%') THEN
    RAISE EXCEPTION 'leg % cannot move from % to %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_legs_transition_known', TABLE = 'refund_legs';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refund_legs_transition BEFORE UPDATE OF status ON refund_legs
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION refund_legs_move_along_the_table();
`;

const attention = `
ALTER TABLE refunds
  ADD COLUMN attention text CONSTRAINT refunds_attention_known CHECK (attention IN
    ('MANUAL_REVIEW', 'UNKNOWN_TOO_LONG', 'PENDING_TOO_LONG', 'QUEUED_TOO_LONG', 'ACCOUNT_PAUSED')),
  ADD COLUMN attention_since timestamptz,
  ADD CONSTRAINT refunds_attention_has_since CHECK ((attention IS NULL) = (attention_since IS NULL));
COMMENT ON COLUMN refunds.attention IS 'Why a person should look; null: nobody has to';
CREATE INDEX refunds_needing_attention ON refunds (merchant_id, created_at DESC, id DESC) WHERE attention IS NOT NULL;
UPDATE refunds SET attention = 'MANUAL_REVIEW', attention_since = updated_at WHERE status = 'MANUAL_REVIEW';
`;

const accounts = `
ALTER TABLE accounts
  DROP CONSTRAINT accounts_health_known,
  ADD CONSTRAINT accounts_health_known CHECK (health IN ('OK', 'CREDENTIALS_REFUSED', 'RESTORING')),
  ADD COLUMN health_shown_by text CONSTRAINT accounts_health_shown_by_known CHECK (health_shown_by IN ('SEND', 'READ')),
  ADD COLUMN swept_until timestamptz,
  ADD COLUMN next_sweep_at timestamptz,
  ADD COLUMN sweep_lease_until timestamptz,
  ADD COLUMN next_probe_at timestamptz,
  ADD COLUMN sweep_position jsonb;
COMMENT ON COLUMN accounts.next_probe_at IS 'While its credentials are refused, one leg is sent then to find out whether they still are';
COMMENT ON COLUMN accounts.health_shown_by IS 'Which kind of call the provider refused: only the same kind shows that it is mended';
COMMENT ON COLUMN accounts.swept_until IS 'All refunds that the provider made before this time were compared with ours';
COMMENT ON COLUMN accounts.sweep_position IS 'The window that is being compared, and its next page; null between two windows';
`;

const epochs = `
CREATE TABLE epochs (
  number integer PRIMARY KEY,
  opened_at timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE epochs IS 'A new one is opened after a restore; what an earlier one knew has to be read again before anything is sent';
INSERT INTO epochs (number) VALUES (1);
ALTER TABLE payments
  ADD COLUMN read_epoch integer NOT NULL DEFAULT 1,
  ADD COLUMN released_epoch integer;
COMMENT ON COLUMN payments.read_epoch IS 'The epoch in which the provider''s refunds of this payment were last read completely';
COMMENT ON COLUMN payments.released_epoch IS 'A person has released this payment in that epoch, where refunds cannot be read';
`;
