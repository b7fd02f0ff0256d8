/**
 * The mark of a database that holds generated data, what was generated so far, and the functions that make every value
 * out of the seed and a number: a batch that is made again is the same.
 */
export const generatedSchema = `
CREATE SCHEMA generated;
CREATE TABLE generated.run (
  seed integer NOT NULL,
  refunds bigint NOT NULL,
  -- "Now" of the data: the newest refund was created a moment before.
  anchor timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
  groups_done bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX run_is_one ON generated.run ((true));
-- "takes": so many of a thousand groups are its own; "firstly": exactly these two, whatever the size.
CREATE TABLE generated.owners (
  position integer PRIMARY KEY,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  code text NOT NULL,
  wire text NOT NULL,
  takes_from integer NOT NULL,
  takes_to integer NOT NULL,
  is_small boolean NOT NULL,
  has_splits boolean NOT NULL,
  has_items boolean NOT NULL,
  endpoint_id uuid
);

-- STABLE and one expression each, so that PostgreSQL puts them into the query in their place.
CREATE FUNCTION generated.hash(what text, n bigint, seed integer) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT md5(what || n::text || ':' || seed::text) $$;
-- 0 to 9999.
CREATE FUNCTION generated.dice(what text, n bigint, seed integer) RETURNS integer LANGUAGE sql STABLE
  AS $$ SELECT ((hashtextextended(what, n * 1000003 + seed) & 1073741823) % 10000)::integer $$;
-- A UUIDv7 of that moment.
CREATE FUNCTION generated.id(what text, n bigint, seed integer, at timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT overlay(overlay(md5(what || n::text || ':' || seed::text)
    PLACING lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' FROM 1) PLACING '8' FROM 17)::uuid $$;
`;

/** Refunds in a group: three payments with one refund each, and one with three. One more payment has none. */
export const REFUNDS_PER_GROUP = 6;
export const PAYMENTS_PER_GROUP = 5;

/** So many refunds are of the last day and may still be open; all others spread over three years. */
export const RECENT_REFUNDS = 1_000;

/**
 * A batch of groups as temporary tables: payments, their sources and lines, refunds and legs, each row with all that
 * the tables of the ledger are written from.
 */
export const batchTables = `
CREATE TEMP TABLE made_groups ON COMMIT DROP AS
SELECT g, owner.*, run.seed, run.anchor, run.refunds,
  owner.has_splits AND generated.dice('split', g, run.seed) < 1000 AS is_split,
  owner.has_items AND generated.dice('items', g, run.seed) < 3000 AS is_listed
FROM generated.run CROSS JOIN generate_series($1::bigint, $2::bigint - 1) AS g
JOIN generated.owners owner ON CASE
  WHEN g IN (0, $3::bigint - 1) THEN owner.is_small
  ELSE generated.dice('owner', $3 - g, run.seed) / 10 BETWEEN owner.takes_from AND owner.takes_to - 1 END;

CREATE TEMP TABLE made_refunds ON COMMIT DROP AS
SELECT made.*, generated.id('refund', n, seed, at) AS id,
  CASE variant
    WHEN 'queued' THEN 'QUEUED' WHEN 'sending' THEN 'PENDING' WHEN 'pending' THEN 'PENDING' WHEN 'unknown' THEN 'UNKNOWN'
    WHEN 'review' THEN 'MANUAL_REVIEW' WHEN 'failed' THEN 'FAILED' WHEN 'canceled' THEN 'CANCELED'
    WHEN 'reversed' THEN 'REVERSED' WHEN 'partly' THEN 'PARTIALLY_SUCCEEDED' ELSE 'SUCCEEDED' END AS status
FROM (
  SELECT placed.*, CASE
      WHEN is_recent THEN CASE
        WHEN d < 800 THEN 'queued' WHEN d < 1000 THEN CASE WHEN place < 3 THEN 'sending' ELSE 'pending' END
        WHEN d < 3800 THEN 'pending' WHEN d < 4600 THEN 'unknown' WHEN d < 5600 THEN 'review' WHEN d < 6000 THEN 'failed'
        WHEN d < 6200 THEN 'canceled' ELSE 'succeeded' END
      WHEN d < 300 THEN 'failed' WHEN d < 450 THEN 'canceled' WHEN d < 550 THEN 'reversed' WHEN d < 555 THEN 'review'
      WHEN is_split AND d < 1200 THEN 'partly' WHEN NOT is_split AND d < 700 THEN 'imported'
      WHEN d < 4000 THEN 'settled' ELSE 'succeeded' END AS variant
  FROM (
    SELECT m.*, n, g * ${PAYMENTS_PER_GROUP} + place AS payment_n, place,
      -- What is recent is the same whatever the size.
      generated.dice('status', CASE WHEN n >= refunds - recent THEN refunds - n ELSE n END, seed) AS d,
      n >= refunds - recent AS is_recent,
      -- Sums are multiples of 1200, so that every share below is whole.
      (100 + generated.dice('amount', g * ${PAYMENTS_PER_GROUP} + place, seed) % 900) * 1200 AS captured,
      (ARRAY[1, 1, 2, 4])[place + 1] AS part,
      CASE WHEN n >= refunds - recent
        THEN anchor - (refunds - n) * interval '90 seconds'
        ELSE anchor - interval '26 hours' - (refunds - recent - n) * (interval '3 years' / refunds) END AS at
    FROM made_groups m CROSS JOIN LATERAL (SELECT LEAST(${RECENT_REFUNDS}, refunds / 4) AS recent) r
    CROSS JOIN LATERAL generate_series(g * ${REFUNDS_PER_GROUP}, (g + 1) * ${REFUNDS_PER_GROUP} - 1) AS n
    CROSS JOIN LATERAL (SELECT LEAST(n % ${REFUNDS_PER_GROUP}, 3)::integer AS place) p
  ) placed
) made
ORDER BY n;

CREATE TEMP TABLE made_payments ON COMMIT DROP AS
SELECT g, merchant_id, account_id, code, seed, anchor, is_split, is_listed, payment_n, place, captured, at, state,
  'generated-payment-' || payment_n AS provider_payment_id, generated.id('payment', payment_n, seed, at) AS id
FROM (
  SELECT DISTINCT ON (payment_n) g, merchant_id, account_id, code, seed, anchor, is_split, is_listed, payment_n, place, captured,
    at - interval '1 second' AS at, 'CAPTURED' AS state
  FROM made_refunds ORDER BY payment_n, n
) used
UNION ALL
SELECT g, merchant_id, account_id, code, seed, anchor, false, false, payment_n, 4, 120000, at, state,
  'generated-payment-' || payment_n, generated.id('payment', payment_n, seed, at)
FROM (
  SELECT m.*, m.g * ${PAYMENTS_PER_GROUP} + 4 AS payment_n, r.at - interval '1 second' AS at,
    CASE WHEN r.is_recent AND dice.d < 1000 THEN 'AUTHORIZED' WHEN r.is_recent AND dice.d < 1500 THEN 'PENDING'
      WHEN dice.d < 2500 THEN 'CANCELED' WHEN dice.d < 2700 THEN 'FAILED' ELSE 'CAPTURED' END AS state
  FROM made_groups m JOIN made_refunds r ON r.n = m.g * ${REFUNDS_PER_GROUP}
  CROSS JOIN LATERAL (SELECT generated.dice('unused', m.g, m.seed) AS d) dice
) unused;

CREATE TEMP TABLE made_sources ON COMMIT DROP AS
SELECT p.payment_n, p.id AS payment_id, p.at AS paid_at, p.provider_payment_id, p.merchant_id, leg_no, p.is_split,
  generated.id('source', p.payment_n * 2 + leg_no, p.seed, p.at) AS id,
  -- One seller of a marketplace has a fifth of it, the others share the rest.
  CASE WHEN NOT p.is_split THEN p.code WHEN leg_no = 0 AND generated.dice('seller', p.g, p.seed) < 2000 THEN 'seller-large'
    ELSE 'seller-' || leg_no || '-' || generated.dice('seller', p.g, p.seed) % 500 END AS seller,
  CASE WHEN p.state NOT IN ('CAPTURED', 'AUTHORIZED') THEN 0 WHEN p.is_split THEN p.captured / 2 ELSE p.captured END AS captured
FROM made_payments p, generate_series(0, CASE WHEN p.is_split THEN 1 ELSE 0 END) AS leg_no;

CREATE TEMP TABLE made_legs ON COMMIT DROP AS
SELECT legs.*, generated.id('leg', n * 2 + leg_no, seed, at) AS id,
  substr(generated.hash('key', n * 2 + leg_no, seed) || generated.hash('key+', n, seed), 1, 40) AS provider_key,
  CASE WHEN path IN ('pending', 'review', 'settled', 'succeeded', 'reversed', 'imported')
    THEN 'generated-' || generated.hash('provider', n * 2 + leg_no, seed) END AS provider_refund_id,
  CASE path WHEN 'queued' THEN 'QUEUED' WHEN 'sending' THEN 'SENDING' WHEN 'pending' THEN 'PENDING' WHEN 'unknown' THEN 'UNKNOWN'
    WHEN 'review' THEN 'MANUAL_REVIEW' WHEN 'failed' THEN 'FAILED' WHEN 'canceled' THEN 'CANCELED'
    WHEN 'reversed' THEN 'REVERSED' ELSE 'SUCCEEDED' END AS status,
  path NOT IN ('queued', 'sending', 'pending', 'unknown', 'review') AS is_final,
  at + CASE path WHEN 'settled' THEN interval '2 hours' WHEN 'reversed' THEN interval '20 days' ELSE interval '1 second' END AS moved_at
FROM (
  SELECT r.n, r.id AS refund_id, r.merchant_id, r.account_id, r.wire, r.seed, r.anchor, r.at, r.is_recent, r.is_split, r.is_listed,
    s.payment_id, s.payment_n, s.paid_at, s.provider_payment_id, s.id AS source_id, s.leg_no, s.seller, r.captured / r.part / CASE WHEN r.is_split THEN 2 ELSE 1 END AS amount,
    r.part, r.variant,
    CASE WHEN r.variant = 'partly' THEN CASE leg_no WHEN 0 THEN 'succeeded' ELSE 'failed' END
      WHEN r.variant = 'sending' AND leg_no = 1 THEN 'queued' ELSE r.variant END AS path
  FROM made_refunds r JOIN made_sources s ON s.payment_n = r.payment_n
) legs
ORDER BY n, leg_no;
`;
