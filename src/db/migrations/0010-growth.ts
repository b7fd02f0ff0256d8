import type { OnlineSteps } from '../online-migration.ts';

/**
 * What the lists read more and more of as refunds are added: refunds of a seller, of one account in one status, those
 * that were made elsewhere, and payments that were never captured.
 *
 * Locking: online. Each index is built beside reads and writes; a build waits for the transactions that were open when it
 * began. The trigger locks `leg_sources` against writers for a moment, and is tried again where it would have to wait
 * longer than two seconds. Sellers of before are added in parts. Two million refunds take a few minutes.
 */
export async function online({ createIndex, run, repeat }: OnlineSteps): Promise<void> {
  await createIndex(
    'refunds_by_account_and_status',
    'ON refunds (merchant_id, account_id, status, created_at DESC, id DESC)',
  );
  await createIndex(
    'refunds_by_other_origin',
    "ON refunds (merchant_id, origin, created_at DESC, id DESC) WHERE origin <> 'API'",
  );
  await createIndex(
    'payments_not_captured',
    "ON payments (merchant_id, created_at DESC, id DESC) WHERE state <> 'CAPTURED'",
  );
  await run(room);
  await run(sellers);
  await repeat(sellersOfBefore);
}

/**
 * Each refund updates its payment twice, months after its page was written: without room there, half of the new versions
 * move to another page, and into every index with that (docs/growth.md). For pages that are written from now on.
 */
const room = 'ALTER TABLE payments SET (fillfactor = 90)';

/**
 * A trigger, so that a release of before that goes on beside this one writes it as well. It comes at the end of the
 * statement, which inserts the refund and its legs, too. A seller has one share in a refund.
 */
const sellers = `
CREATE TABLE IF NOT EXISTS refund_sellers (
  merchant_id uuid NOT NULL,
  seller text NOT NULL,
  created_at timestamptz NOT NULL,
  refund_id uuid NOT NULL,
  CONSTRAINT refund_sellers_pkey PRIMARY KEY (merchant_id, seller, created_at, refund_id)
);
COMMENT ON TABLE refund_sellers IS 'Refunds by seller in the order of lists; follows from leg_sources';
CREATE OR REPLACE FUNCTION leg_sources_tell_seller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO refund_sellers (merchant_id, seller, created_at, refund_id)
  SELECT r.merchant_id, s.seller, r.created_at, r.id
  FROM refund_legs l JOIN refunds r ON r.id = l.refund_id JOIN payment_sources s ON s.id = NEW.source_id
  WHERE l.id = NEW.leg_id
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER leg_sources_seller AFTER INSERT ON leg_sources
  FOR EACH ROW EXECUTE FUNCTION leg_sources_tell_seller();
`;

/** Rows of before the trigger, 5 000 legs at a time, in the order of their ids. */
const sellersOfBefore = `
WITH part AS (
  SELECT id, refund_id FROM refund_legs WHERE id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000')
  ORDER BY id LIMIT 5000
), added AS (
  INSERT INTO refund_sellers (merchant_id, seller, created_at, refund_id)
  SELECT r.merchant_id, s.seller, r.created_at, r.id
  FROM part JOIN refunds r ON r.id = part.refund_id JOIN leg_sources ls ON ls.leg_id = part.id
  JOIN payment_sources s ON s.id = ls.source_id
  ON CONFLICT DO NOTHING
)
SELECT id AS place FROM part ORDER BY id DESC LIMIT 1`;
