import type { BenchDatabase } from './database.ts';

/** How many payments a load of createRefund goes round, and how many ended refunds each of them has before. */
const PAYMENTS = 2_000;
const REFUNDS = 5;

/**
 * Captured payments of an account, with ended refunds, as if the service had read and made them. On empty tables
 * PostgreSQL would plan for tables of no rows, keep those plans, and every figure would be one of a first minute.
 * The service must have started once: it makes the account.
 *
 * @returns the provider's ids of the payments
 */
export async function insertHistory(database: BenchDatabase, accountCode: string): Promise<string[]> {
  await database.run(`
    INSERT INTO payments (id, merchant_id, account_id, provider_payment_id, state, raw_status, method, currency,
      amount_minor, captured_minor, refunded_minor, refundable_by_provider, provider_created_at, captured_at, as_of)
    SELECT gen_random_uuid(), a.merchant_id, a.id, 'bench-payment-' || n, 'CAPTURED', 'succeeded', 'bank_card', 'RUB',
      1000000000, 1000000000, ${REFUNDS} * 100, true, now(), now(), now()
    FROM accounts a, generate_series(1, ${PAYMENTS}) n WHERE a.code = '${accountCode}';

    INSERT INTO payment_sources (id, merchant_id, payment_id, seller, captured_minor, refunded_minor)
    SELECT gen_random_uuid(), merchant_id, id, '${accountCode}', captured_minor, refunded_minor FROM payments;

    CREATE TEMP TABLE history AS
    SELECT gen_random_uuid() AS refund_id, gen_random_uuid() AS leg_id, gen_random_uuid()::text AS key,
      p.id AS payment_id, p.merchant_id, p.account_id, s.id AS source_id
    FROM payments p JOIN payment_sources s ON s.payment_id = p.id, generate_series(1, ${REFUNDS});

    INSERT INTO refunds (id, merchant_id, account_id, payment_id, origin, status, currency, amount_minor,
      returned_minor, reason, finalized_at)
    SELECT refund_id, merchant_id, account_id, payment_id, 'API', 'SUCCEEDED', 'RUB', 100, 100, 'OTHER', now() FROM history;

    INSERT INTO refund_legs (id, merchant_id, account_id, payment_id, refund_id, name, status, amount_minor,
      returned_minor, provider_refund_id, raw_status, sent_at, finalized_at)
    SELECT leg_id, merchant_id, account_id, payment_id, refund_id, 'all', 'SUCCEEDED', 100,
      100, key, 'succeeded', now(), now() FROM history;

    INSERT INTO leg_sources (leg_id, source_id, merchant_id, amount_minor)
    SELECT leg_id, source_id, merchant_id, 100 FROM history;

    INSERT INTO leg_attempts (leg_id, attempt, merchant_id, account_id, provider_key, wire_version, method, path,
      headers, body, sends, first_sent_at, last_sent_at, outcome, outcome_at, provider_refund_id)
    SELECT leg_id, 1, merchant_id, account_id, key, 'yookassa/1', 'POST', '/refunds', '{}', repeat('x', 200), 1,
      now(), now(), 'accepted', now(), key FROM history;

    INSERT INTO provider_refunds (account_id, provider_refund_id, merchant_id, payment_id, leg_id, status, raw_status,
      currency, amount_minor, provider_created_at, as_of)
    SELECT account_id, key, merchant_id, payment_id, leg_id, 'SUCCEEDED', 'succeeded', 'RUB', 100, now(), now() FROM history;

    INSERT INTO idempotency (merchant_id, key, hash_version, content_hash, refund_id)
    SELECT merchant_id, key, 1, '\\x00', refund_id FROM history;

    INSERT INTO events (merchant_id, payment_id, refund_id, leg_id, kind, to_status, source, actor)
    SELECT merchant_id, payment_id, refund_id, leg_id, kind, 'SUCCEEDED', 'API', 'history'
    FROM history, (VALUES ('refund.created'), ('leg.moved')) AS events (kind);

    ANALYZE`);
  return Array.from({ length: PAYMENTS }, (_, index) => `bench-payment-${index + 1}`);
}

/** Facts of a payment count as fresh for a minute: shorter than a measure, longer than a window. */
export const refreshPayments = (database: BenchDatabase): Promise<unknown> =>
  database.run('UPDATE payments SET as_of = now()');
