-- What reference-create.sql needs and nothing more: no events, no stored headers, no foreign keys, no tenants.
CREATE TABLE reference_payments (
  id integer PRIMARY KEY,
  captured_minor bigint NOT NULL,
  refunded_minor bigint NOT NULL DEFAULT 0,
  reserved_minor bigint NOT NULL DEFAULT 0,
  CHECK (refunded_minor + reserved_minor <= captured_minor)
);
CREATE TABLE reference_refunds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payment_id integer NOT NULL,
  amount_minor bigint NOT NULL,
  idempotency_key text NOT NULL UNIQUE,
  status text NOT NULL
);
CREATE TABLE reference_legs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  refund_id bigint NOT NULL,
  payment_id integer NOT NULL,
  amount_minor bigint NOT NULL,
  provider_key text NOT NULL UNIQUE,
  body text NOT NULL,
  status text NOT NULL,
  provider_refund_id text UNIQUE
);
INSERT INTO reference_payments (id, captured_minor) SELECT n, 1000000000 FROM generate_series(1, 2000) n;
-- As many rows as the service has before the measure.
INSERT INTO reference_refunds (payment_id, amount_minor, idempotency_key, status)
SELECT n % 2000 + 1, 100, gen_random_uuid()::text, 'SUCCEEDED' FROM generate_series(1, 10000) n;
INSERT INTO reference_legs (refund_id, payment_id, amount_minor, provider_key, body, status, provider_refund_id)
SELECT id, payment_id, 100, gen_random_uuid()::text, repeat('x', 200), 'SUCCEEDED', gen_random_uuid()::text FROM reference_refunds;
ANALYZE;
