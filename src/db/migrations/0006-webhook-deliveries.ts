import { sql, type Kysely } from 'kysely';

/**
 * What providers tell by themselves: where they reach an account, and every message of theirs until it was worked on.
 *
 * Locking: `accounts` is locked exclusively for a moment and written once, row by row; it has a few rows.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [accounts, deliveries, told]) await sql.raw(statement).execute(db);
}

/** The default is random for each row, also for those that a release of before inserts. */
const accounts = `
ALTER TABLE accounts ADD COLUMN webhook_id text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '');
ALTER TABLE accounts ADD CONSTRAINT accounts_webhook_id_unique UNIQUE (webhook_id);
COMMENT ON COLUMN accounts.webhook_id IS 'The unguessable part of the URL to which the provider sends webhooks; in a demo the code of the account';
`;

const deliveries = `
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  account_id uuid NOT NULL,
  deduplication_key text NOT NULL,
  event text NOT NULL,
  provider_refund_id text,
  provider_payment_id text,
  our_reference text,
  evidence jsonb,
  times integer NOT NULL DEFAULT 1,
  status text NOT NULL DEFAULT 'PENDING',
  received_at timestamptz NOT NULL DEFAULT app_now(),
  last_received_at timestamptz NOT NULL DEFAULT app_now(),
  next_look_at timestamptz,
  look_lease_until timestamptz,
  look_failures integer NOT NULL DEFAULT 0,
  done_at timestamptz,
  CONSTRAINT webhook_deliveries_account_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES accounts (merchant_id, id),
  CONSTRAINT webhook_deliveries_told_once UNIQUE (account_id, deduplication_key),
  CONSTRAINT webhook_deliveries_status_known CHECK (status IN ('PENDING', 'DONE', 'IGNORED')),
  CONSTRAINT webhook_deliveries_pending_is_due CHECK ((status = 'PENDING') = (next_look_at IS NOT NULL)),
  CONSTRAINT webhook_deliveries_short CHECK (length(deduplication_key) <= 300 AND length(event) <= 100
    AND length(provider_refund_id) <= 255 AND length(provider_payment_id) <= 255 AND length(our_reference) <= 255)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (account_id, next_look_at) WHERE next_look_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (last_received_at) WHERE next_look_at IS NULL;
CREATE INDEX webhook_deliveries_ignored ON webhook_deliveries (account_id, last_received_at) WHERE status = 'IGNORED';
COMMENT ON TABLE webhook_deliveries IS 'Messages of providers, verified where they can be: what they are about, never their bodies';
COMMENT ON COLUMN webhook_deliveries.times IS 'How often it came';
COMMENT ON COLUMN webhook_deliveries.status IS 'IGNORED: about nothing that is known here';
COMMENT ON COLUMN webhook_deliveries.evidence IS 'What a signed message proves, where the provider cannot be asked';
`;

/** Nullable and without a default: no row is written. */
const told = `
ALTER TABLE provider_refunds ADD COLUMN told_at timestamptz;
COMMENT ON COLUMN provider_refunds.told_at IS 'When what a message of its provider told last has happened, by the clock of the provider';
`;
