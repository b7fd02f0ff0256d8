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
