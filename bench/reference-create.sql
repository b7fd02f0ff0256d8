-- The fewest statements that keep the rule "intent first": the refund, its leg and its reservation are committed
-- under the payment's row lock before anything is sent; the answer is recorded, and the money counted as refunded,
-- in a second transaction. Two statements, two commits. Fixed: what the service does is measured against it.
\set payment random(1, 2000)
WITH paid AS (
  UPDATE reference_payments SET reserved_minor = reserved_minor + 100
  WHERE id = :payment AND refunded_minor + reserved_minor + 100 <= captured_minor
  RETURNING id
), refund AS (
  INSERT INTO reference_refunds (payment_id, amount_minor, idempotency_key, status)
  SELECT id, 100, gen_random_uuid()::text, 'PENDING' FROM paid
  RETURNING id, payment_id
)
INSERT INTO reference_legs (refund_id, payment_id, amount_minor, provider_key, body, status)
SELECT id, payment_id, 100, gen_random_uuid()::text, '{"amount":{"value":"1.00","currency":"RUB"}}', 'SENDING' FROM refund
RETURNING id AS leg \gset
WITH leg AS (
  UPDATE reference_legs SET status = 'SUCCEEDED', provider_refund_id = provider_key
  WHERE id = :leg AND status = 'SENDING'
  RETURNING refund_id, payment_id
), refund AS (
  UPDATE reference_refunds r SET status = 'SUCCEEDED' FROM leg WHERE r.id = leg.refund_id
)
UPDATE reference_payments p SET reserved_minor = reserved_minor - 100, refunded_minor = refunded_minor + 100
FROM leg WHERE p.id = leg.payment_id;
