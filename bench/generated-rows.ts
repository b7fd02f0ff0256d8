/** What is told of the last thirty days is kept; older messages were forgotten (src/db/forget-events.ts). */
const KEPT = "interval '30 days'";
const sums = (name: string, of: string): string => `
  COALESCE(sum(${of}) FILTER (WHERE status = 'SUCCEEDED'), 0) AS ${name}refunded,
  COALESCE(sum(${of}) FILTER (WHERE NOT is_final), 0) AS ${name}reserved`;

/** The rows of a batch, table by table, from the temporary ones. Triggers are off: they would write `now`. */
export const batchRows: readonly string[] = [
  `INSERT INTO payments (id, merchant_id, account_id, provider_payment_id, order_reference, state, raw_status, method, currency,
    amount_minor, captured_minor, refunded_minor, reserved_minor, provider_refunded_minor, refundable_by_provider,
    provider_created_at, captured_at, as_of, version, created_at, updated_at)
  SELECT p.id, p.merchant_id, p.account_id, provider_payment_id, 'order-' || payment_n, state, lower(state),
    'bank_card', 'RUB', captured, CASE WHEN state = 'CAPTURED' THEN captured ELSE 0 END,
    COALESCE(l.refunded, 0), COALESCE(l.reserved, 0), COALESCE(l.refunded, 0), state = 'CAPTURED',
    at - interval '3 days', CASE WHEN state = 'CAPTURED' THEN at - interval '3 days' END, COALESCE(l.moved_at, at),
    1 + COALESCE(l.legs, 0) * 2, at, COALESCE(l.moved_at, at)
  FROM made_payments p LEFT JOIN (
    SELECT payment_id, count(*) AS legs, max(moved_at) AS moved_at, ${sums('', 'amount')} FROM made_legs GROUP BY payment_id
  ) l ON l.payment_id = p.id ORDER BY at`,

  `INSERT INTO payment_sources (id, merchant_id, payment_id, seller, captured_minor, refunded_minor, reserved_minor,
    platform_fee_minor, fee_returned_minor, fee_reserved_minor)
  SELECT s.id, merchant_id, payment_id, seller, captured, COALESCE(l.refunded, 0), COALESCE(l.reserved, 0),
    CASE WHEN is_split THEN captured / 10 END,
    CASE WHEN is_split THEN COALESCE(l.refunded, 0) / 10 ELSE 0 END, CASE WHEN is_split THEN COALESCE(l.reserved, 0) / 10 ELSE 0 END
  FROM made_sources s LEFT JOIN (
    SELECT source_id, ${sums('', 'amount')} FROM made_legs GROUP BY source_id
  ) l ON l.source_id = s.id ORDER BY payment_n`,

  `INSERT INTO payment_items (id, merchant_id, payment_id, item, title, position, sold_hundredths, sold_minor, left_hundredths,
    left_minor, returned_hundredths, returned_minor, reserved_hundredths, reserved_minor)
  SELECT generated.id('item', payment_n * 2 + line, seed, at), merchant_id, p.id, 'sku-' || line, 'Line ' || line, line, 400, captured / 2,
    400 - COALESCE(l.refunded_parts, 0), captured / 2 - COALESCE(l.refunded, 0) / 2,
    COALESCE(l.refunded_parts, 0), COALESCE(l.refunded, 0) / 2, COALESCE(l.reserved_parts, 0), COALESCE(l.reserved, 0) / 2
  FROM made_payments p CROSS JOIN generate_series(0, 1) AS line LEFT JOIN (
    SELECT payment_id, ${sums('', 'amount')}, ${sums('', '400 / part').replaceAll('refunded', 'refunded_parts').replaceAll('reserved', 'reserved_parts')}
    FROM made_legs WHERE path <> 'imported' GROUP BY payment_id
  ) l ON l.payment_id = p.id
  WHERE is_listed AND NOT is_split ORDER BY payment_n`,

  `INSERT INTO refunds (id, merchant_id, account_id, payment_id, origin, status, currency, amount_minor, returned_minor, reference,
    reason, note, metadata, version, created_at, updated_at, finalized_at, attention, attention_since,
    change_epoch, change_xid, change_seq)
  SELECT r.id, r.merchant_id, r.account_id, l.payment_id, CASE variant WHEN 'imported' THEN 'EXTERNAL' ELSE 'API' END, r.status, 'RUB',
    l.amount, l.returned, CASE WHEN variant <> 'imported' AND n % 2 = 0 THEN 'return-' || n END,
    CASE variant WHEN 'imported' THEN 'OTHER' ELSE 'REQUESTED_BY_CUSTOMER' END, CASE WHEN n % 10 = 0 THEN 'as agreed by telephone' END,
    CASE WHEN n % 3 = 0 THEN jsonb_build_object('ticket', n) ELSE '{}' END, l.events + 1 + (variant = 'review')::integer,
    at, l.moved_at, CASE WHEN l.is_final THEN l.moved_at END,
    CASE variant WHEN 'review' THEN 'MANUAL_REVIEW' END, CASE variant WHEN 'review' THEN l.moved_at END,
    (SELECT max(number) FROM feed_epochs), pg_current_xact_id(), nextval('refund_changes_seq')
  FROM made_refunds r JOIN (
    SELECT refund_id, min(payment_id::text)::uuid AS payment_id, sum(amount) AS amount,
      COALESCE(sum(amount) FILTER (WHERE status = 'SUCCEEDED'), 0) AS returned, bool_and(is_final) AS is_final, max(moved_at) AS moved_at,
      sum((SELECT count(*) FROM made_moves m WHERE m.path = made_legs.path)
        + (leg_no = 1 AND path NOT IN ('queued', 'canceled'))::integer) AS events
    FROM made_legs GROUP BY refund_id
  ) l ON l.refund_id = r.id ORDER BY n`,

  `INSERT INTO refund_legs (id, merchant_id, account_id, payment_id, refund_id, name, status, amount_minor, returned_minor,
    provider_refund_id, raw_status, failure, sent_at, lease_until, next_look_at, as_of, created_at, updated_at, finalized_at)
  SELECT id, merchant_id, account_id, payment_id, refund_id,
    CASE WHEN path = 'imported' THEN 'external:' || provider_refund_id WHEN is_split THEN seller ELSE 'all' END, status, amount,
    CASE status WHEN 'SUCCEEDED' THEN amount ELSE 0 END, provider_refund_id,
    CASE status WHEN 'SUCCEEDED' THEN 'succeeded' WHEN 'PENDING' THEN 'pending' END,
    CASE path WHEN 'failed' THEN '{"code": "DECLINED_BY_PROVIDER", "message": "The provider refused it.", "retry": "RETRY_REFUND", "providerCode": "refused"}'::jsonb END,
    CASE WHEN path NOT IN ('queued', 'canceled', 'imported') THEN at END, CASE path WHEN 'sending' THEN anchor END,
    CASE WHEN path = 'queued' THEN at + interval '30 seconds' WHEN path = 'sending' THEN anchor
      -- Half of what is under way has come due.
      WHEN NOT is_final THEN anchor + (generated.dice('look', n, seed) - 5000) * interval '1 second'
      WHEN status = 'SUCCEEDED' AND moved_at > anchor - ${KEPT} THEN moved_at + ${KEPT} END,
    moved_at, at, moved_at, CASE WHEN is_final THEN moved_at END
  FROM made_legs ORDER BY n, leg_no`,

  `INSERT INTO leg_sources (leg_id, source_id, merchant_id, amount_minor, platform_fee_minor)
  SELECT id, source_id, merchant_id, amount, CASE WHEN is_split THEN amount / 10 END FROM made_legs ORDER BY n, leg_no`,

  `INSERT INTO refund_sellers (merchant_id, seller, created_at, refund_id)
  SELECT merchant_id, seller, at, refund_id FROM made_legs ORDER BY n, leg_no`,

  `INSERT INTO refund_items (leg_id, item_id, merchant_id, refund_id, quantity_hundredths, amount_minor)
  SELECT id, generated.id('item', payment_n * 2 + line, seed, paid_at), merchant_id, refund_id, 400 / part, amount / 2
  FROM made_legs, generate_series(0, 1) AS line WHERE path <> 'imported' AND is_listed AND NOT is_split ORDER BY n`,

  `INSERT INTO leg_attempts (leg_id, attempt, merchant_id, account_id, provider_key, wire_version, method, path, headers, body, sends,
    unclear_sends, first_sent_at, last_sent_at, outcome, outcome_at, evidence, provider_refund_id)
  SELECT l.id, 1, l.merchant_id, l.account_id, provider_key, wire, 'POST', '/refunds', '{"content-type": "application/json"}',
    json_build_object('payment_id', l.provider_payment_id, 'amount', json_build_object('value', (amount / 100)::text || '.00', 'currency', 'RUB'),
      'description', 'Refund ' || provider_key, 'metadata', json_build_object('refund_ref', provider_key)),
    (l.path NOT IN ('queued', 'canceled'))::integer, (l.path = 'unknown')::integer,
    CASE WHEN l.path NOT IN ('queued', 'canceled') THEN at END, CASE WHEN l.path NOT IN ('queued', 'canceled') THEN at END,
    CASE l.path WHEN 'queued' THEN NULL WHEN 'sending' THEN NULL WHEN 'canceled' THEN NULL WHEN 'unknown' THEN 'unknown'
      WHEN 'failed' THEN 'refused' ELSE 'accepted' END,
    CASE WHEN l.path NOT IN ('queued', 'sending', 'canceled') THEN at + interval '1 second' END,
    CASE WHEN l.path IN ('queued', 'sending', 'canceled') THEN '{}'::jsonb ELSE '{"httpStatus": 200}' END, l.provider_refund_id
  FROM made_legs l WHERE l.path <> 'imported' ORDER BY n, leg_no`,

  `INSERT INTO provider_refunds (account_id, provider_refund_id, merchant_id, payment_id, leg_id, status, raw_status, currency,
    amount_minor, our_reference, provider_created_at, first_seen_at, as_of)
  SELECT account_id, provider_refund_id, merchant_id, payment_id, id, CASE path WHEN 'pending' THEN 'PENDING' WHEN 'review' THEN 'PENDING'
      WHEN 'reversed' THEN 'FAILED' ELSE 'SUCCEEDED' END,
    CASE path WHEN 'pending' THEN 'pending' WHEN 'review' THEN 'pending' WHEN 'reversed' THEN 'canceled' ELSE 'succeeded' END, 'RUB',
    amount, CASE WHEN path <> 'imported' THEN provider_key END, at, at + interval '1 second', moved_at
  FROM made_legs WHERE provider_refund_id IS NOT NULL ORDER BY n, leg_no`,

  `INSERT INTO idempotency (merchant_id, key, hash_version, content_hash, refund_id, created_at)
  SELECT merchant_id, generated.hash('idempotency', n, seed), 1, decode(generated.hash('content', n, seed), 'hex'), id, at
  FROM made_refunds WHERE variant <> 'imported' ORDER BY n`,

  `INSERT INTO events (merchant_id, payment_id, refund_id, leg_id, kind, from_status, to_status, source, actor, request_id, evidence, at)
  SELECT merchant_id, payment_id, refund_id, leg_id, kind, from_status, to_status, source, 'generated', request_id, evidence, at FROM (
    SELECT n, -1 AS leg_no, 0 AS step, r.merchant_id, p.id AS payment_id, r.id AS refund_id, NULL::uuid AS leg_id,
      CASE variant WHEN 'imported' THEN 'refund.imported' ELSE 'refund.created' END AS kind, NULL AS from_status,
      CASE WHEN variant IN ('queued', 'canceled') THEN 'QUEUED' WHEN variant = 'imported' THEN 'SUCCEEDED' ELSE 'PENDING' END AS to_status,
      CASE variant WHEN 'imported' THEN 'PROVIDER_READ' ELSE 'API' END AS source, generated.hash('request', n, r.seed) AS request_id,
      '{}'::jsonb AS evidence, r.at
    FROM made_refunds r JOIN made_payments p ON p.payment_n = r.payment_n
    UNION ALL
    SELECT n, leg_no, 1, merchant_id, payment_id, refund_id, id, 'leg.moved', 'QUEUED', 'SENDING', 'SERVICE', NULL,
      '{"cause": "claim"}', at FROM made_legs WHERE leg_no = 1 AND path NOT IN ('queued', 'canceled')
    UNION ALL
    SELECT n, leg_no, 1 + step, merchant_id, payment_id, refund_id, id, 'leg.moved', from_status, to_status,
      CASE cause WHEN 'answer' THEN 'PROVIDER_ANSWER' WHEN 'caller' THEN 'API' ELSE 'PROVIDER_READ' END, NULL,
      jsonb_build_object('cause', cause, 'providerRefundId', provider_refund_id), CASE step WHEN 1 THEN at + interval '1 second' ELSE moved_at END
    FROM made_legs JOIN made_moves USING (path)
    UNION ALL
    SELECT n, 9, 9, r.merchant_id, p.id, r.id, NULL, 'refund.attention', NULL, NULL, 'SERVICE', NULL,
      '{"attention": "MANUAL_REVIEW"}', r.at + interval '1 second'
    FROM made_refunds r JOIN made_payments p ON p.payment_n = r.payment_n WHERE variant = 'review'
  ) told ORDER BY n, leg_no, step`,

  `INSERT INTO payment_operations (id, merchant_id, account_id, payment_id, kind, status, provider_key, wire_version, method, path,
    headers, sends, first_sent_at, reason, created_at, updated_at, finalized_at)
  SELECT generated.id('operation', payment_n, seed, at), merchant_id, account_id, id, 'VOID', 'SUCCEEDED',
    substr(generated.hash('void', payment_n, seed), 1, 30), 'yookassa/1', 'POST', '/cancel', '{}', 1, at, 'OTHER', at, at, at
  FROM made_payments WHERE state = 'CANCELED' ORDER BY payment_n`,
  `INSERT INTO idempotency (merchant_id, key, hash_version, content_hash, operation_id, created_at)
  SELECT merchant_id, generated.hash('idempotency-void', payment_n, seed), 1, decode(generated.hash('void-content', payment_n, seed), 'hex'),
    generated.id('operation', payment_n, seed, at), at
  FROM made_payments WHERE state = 'CANCELED' ORDER BY payment_n`,

  `WITH message AS (
    INSERT INTO event_messages (id, merchant_id, subject, version, type, data, body, at)
    SELECT generated.id('message', n * 2 + step, r.seed, r.at), r.merchant_id, r.id, step + 1,
      CASE step WHEN 0 THEN 'refund.created' ELSE 'refund.finalized' END,
      jsonb_build_object('id', r.id, 'version', step + 1, 'status', r.status, 'currency', 'RUB'),
      jsonb_build_object('type', 'refund', 'data', jsonb_build_object('id', r.id, 'status', r.status))::text, r.at + step * interval '1 second'
    FROM made_refunds r, generate_series(0, 1) AS step
    WHERE endpoint_id IS NOT NULL AND r.at > anchor - ${KEPT} ORDER BY n, step
    RETURNING id, seq, subject, at
  )
  INSERT INTO event_deliveries (endpoint_id, message_id, seq, subject, status, attempts, claims, next_attempt_at, last_attempt_at,
    last_status, ended_at)
  SELECT r.endpoint_id, m.id, m.seq, m.subject, CASE WHEN waits THEN 'PENDING' ELSE 'DELIVERED' END,
    (NOT waits)::integer, (NOT waits)::integer, m.at, CASE WHEN NOT waits THEN m.at END, CASE WHEN NOT waits THEN 200 END,
    CASE WHEN NOT waits THEN m.at END
  FROM message m JOIN made_refunds r ON r.id = m.subject
  CROSS JOIN LATERAL (SELECT r.is_recent AND generated.dice('told', n, r.seed) < 2000 AS waits) w
  ORDER BY m.seq`,

  `INSERT INTO webhook_deliveries (id, merchant_id, account_id, deduplication_key, event, provider_refund_id, provider_payment_id,
    our_reference, status, received_at, last_received_at, next_look_at, done_at)
  SELECT generated.id('webhook', n * 2 + leg_no, l.seed, moved_at), l.merchant_id, l.account_id, 'refund.succeeded:' || l.provider_refund_id,
    'refund.succeeded', l.provider_refund_id, l.provider_payment_id, provider_key, told.status, moved_at, moved_at,
    CASE told.status WHEN 'PENDING' THEN moved_at END, CASE WHEN told.status <> 'PENDING' THEN moved_at END
  FROM made_legs l
  CROSS JOIN LATERAL (SELECT CASE WHEN is_recent AND generated.dice('webhook', n, l.seed) < 1500 THEN 'PENDING'
    WHEN generated.dice('webhook', n, l.seed) > 9800 THEN 'IGNORED' ELSE 'DONE' END AS status) told
  WHERE l.status = 'SUCCEEDED' AND moved_at > anchor - ${KEPT} ORDER BY n, leg_no`,
];

/** How a leg came to its state; the second leg of a refund is claimed before. Moves of src/refunds/transitions.ts. */
export const batchMoves = `
CREATE TEMP TABLE made_moves ON COMMIT DROP AS SELECT * FROM (VALUES
  ('pending', 1, 'SENDING', 'PENDING', 'answer'), ('unknown', 1, 'SENDING', 'UNKNOWN', 'answer'),
  ('review', 1, 'SENDING', 'MANUAL_REVIEW', 'answer'), ('failed', 1, 'SENDING', 'FAILED', 'answer'),
  ('canceled', 1, 'QUEUED', 'CANCELED', 'caller'), ('succeeded', 1, 'SENDING', 'SUCCEEDED', 'answer'),
  ('settled', 1, 'SENDING', 'PENDING', 'answer'), ('settled', 2, 'PENDING', 'SUCCEEDED', 'evidence'),
  ('reversed', 1, 'SENDING', 'SUCCEEDED', 'answer'), ('reversed', 2, 'SUCCEEDED', 'REVERSED', 'evidence')
) AS moves (path, step, from_status, to_status, cause)`;
