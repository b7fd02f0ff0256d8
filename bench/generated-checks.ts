/** An invariant of RELIABILITY as a query for what breaks it; no row: it holds. */
export interface Check {
  readonly name: string;
  readonly sql: string;
}

const OPEN = "('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW')";
const counted = (amount: string): string => `
  COALESCE(sum(${amount}) FILTER (WHERE l.status = 'SUCCEEDED'), 0) AS refunded,
  COALESCE(sum(${amount}) FILTER (WHERE l.status IN ${OPEN}), 0) AS reserved`;

/** I1, I6 and I7, and that the parts of a refund agree, over whole tables; each reads its tables once. */
export const checks: readonly Check[] = [
  {
    name: 'I1, I6 of payments',
    sql: `SELECT p.id FROM payments p LEFT JOIN (
        SELECT l.payment_id, ${counted('l.amount_minor')} FROM refund_legs l GROUP BY l.payment_id) l ON l.payment_id = p.id
      WHERE (p.refunded_minor, p.reserved_minor) IS DISTINCT FROM (COALESCE(l.refunded, 0), COALESCE(l.reserved, 0))
        OR p.refunded_minor + p.reserved_minor > p.captured_minor`,
  },
  {
    name: 'I1, I6 of sources',
    sql: `SELECT s.id FROM payment_sources s LEFT JOIN (
        SELECT ls.source_id, ${counted('ls.amount_minor')}, sum(ls.platform_fee_minor) FILTER (WHERE l.status = 'SUCCEEDED') AS fee_returned,
          sum(ls.platform_fee_minor) FILTER (WHERE l.status IN ${OPEN}) AS fee_reserved
        FROM leg_sources ls JOIN refund_legs l ON l.id = ls.leg_id GROUP BY ls.source_id) l ON l.source_id = s.id
      WHERE (s.refunded_minor, s.reserved_minor, s.fee_returned_minor, s.fee_reserved_minor) IS DISTINCT FROM
          (COALESCE(l.refunded, 0), COALESCE(l.reserved, 0), COALESCE(l.fee_returned, 0), COALESCE(l.fee_reserved, 0))
        OR s.refunded_minor + s.reserved_minor > s.captured_minor`,
  },
  {
    name: 'I1, I6 of items',
    sql: `SELECT i.id FROM payment_items i LEFT JOIN (
        SELECT ri.item_id, ${counted('ri.amount_minor')}, sum(ri.quantity_hundredths) FILTER (WHERE l.status = 'SUCCEEDED') AS returned,
          sum(ri.quantity_hundredths) FILTER (WHERE l.status IN ${OPEN}) AS held
        FROM refund_items ri JOIN refund_legs l ON l.id = ri.leg_id GROUP BY ri.item_id) l ON l.item_id = i.id
      WHERE (i.returned_minor, i.reserved_minor, i.returned_hundredths, i.reserved_hundredths) IS DISTINCT FROM
          (COALESCE(l.refunded, 0), COALESCE(l.reserved, 0), COALESCE(l.returned, 0), COALESCE(l.held, 0))
        OR i.returned_minor + i.reserved_minor > i.sold_minor`,
  },
  {
    name: 'I7',
    sql: `SELECT id FROM refund_legs WHERE status IN ${OPEN} AND status <> 'MANUAL_REVIEW' AND next_look_at IS NULL`,
  },
  {
    name: 'a refund is its legs',
    sql: `SELECT r.id FROM refunds r LEFT JOIN (
        SELECT l.refund_id, sum(l.amount_minor) AS amount, sum(l.returned_minor) AS returned FROM refund_legs l GROUP BY l.refund_id) l
        ON l.refund_id = r.id
      WHERE (r.amount_minor, r.returned_minor) IS DISTINCT FROM (l.amount, l.returned)`,
  },
  {
    name: 'a leg is its shares',
    sql: `SELECT l.id FROM refund_legs l LEFT JOIN (
        SELECT leg_id, sum(amount_minor) AS amount FROM leg_sources GROUP BY leg_id) s ON s.leg_id = l.id
      WHERE l.amount_minor IS DISTINCT FROM s.amount`,
  },
  {
    name: 'sellers have their refunds',
    sql: `(SELECT r.id, r.created_at, s.seller FROM refunds r JOIN refund_legs l ON l.refund_id = r.id
        JOIN leg_sources ls ON ls.leg_id = l.id JOIN payment_sources s ON s.id = ls.source_id
        EXCEPT SELECT refund_id, created_at, seller FROM refund_sellers)
      UNION ALL SELECT refund_id, created_at, seller FROM refund_sellers f WHERE NOT EXISTS (SELECT FROM refunds r WHERE r.id = f.refund_id)`,
  },
  {
    name: 'every version has its event',
    sql: `SELECT r.id FROM refunds r LEFT JOIN (SELECT refund_id, count(*) AS events FROM events GROUP BY refund_id) e ON e.refund_id = r.id
      WHERE r.version IS DISTINCT FROM e.events`,
  },
  {
    name: 'every refund that was asked for has one key',
    sql: `SELECT r.id FROM refunds r LEFT JOIN idempotency i ON i.refund_id = r.id
      WHERE (r.origin = 'API') <> (i.key IS NOT NULL)`,
  },
];

/** One query for each foreign key of the database: rows that point at nothing. They are written with the triggers off. */
export const foreignKeys = `
SELECT c.conname AS name, format('SELECT 1 FROM %s a WHERE %s AND NOT EXISTS (SELECT FROM %s b WHERE %s) LIMIT 10', c.conrelid::regclass,
  string_agg(format('a.%I IS NOT NULL', own.attname), ' AND '), c.confrelid::regclass,
  string_agg(format('b.%I = a.%I', other.attname, own.attname), ' AND ')) AS sql
FROM pg_constraint c
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS pair (own, other)
JOIN pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = pair.own
JOIN pg_attribute other ON other.attrelid = c.confrelid AND other.attnum = pair.other
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
GROUP BY c.oid, c.conname, c.conrelid, c.confrelid ORDER BY 1`;
