import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import {
  armFault,
  clearFaults,
  paymentRow,
  refundCommand,
  refundRow,
  refundsAre,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
/** One payment with a pending refund of 400.00 of 1500.00, and one of another merchant. */
const ids = {
  payment: '',
  source: '',
  refund: '',
  leg: '',
  foreignPayment: '',
  foreignSource: '',
  otherMerchant: '',
};

beforeAll(async () => {
  t = await createTestWorld('ledger_constraints');
  const paymentId = await t.payment('1500.00');
  await refundsAre(t, 'pending');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  const refund = await refundRow(t, refundId);
  const theirs = await t.payment('1500.00', { account: 'yookassa-other' });
  const input = { ...refundCommand(theirs, 1n), payment: { account: 'yookassa-other', paymentId: theirs } };
  await createRefund(t.world, t.caller('other'), input);
  const sourceOf = async (id: string) =>
    (
      await t.database.db
        .selectFrom('payment_sources')
        .select('id')
        .where('payment_id', '=', (await paymentRow(t, id)).id)
        .executeTakeFirstOrThrow()
    ).id;
  Object.assign(ids, {
    payment: refund.payment_id,
    source: await sourceOf(paymentId),
    refund: refund.id,
    leg: refund.legs[0]!.id,
    foreignPayment: (await paymentRow(t, theirs)).id,
    foreignSource: await sourceOf(theirs),
    otherMerchant: t.caller('other').viewer.merchantId,
  });
});
afterAll(() => t.close());

/** The constraint, or else the message, with which the database refuses a statement; rolled back if it does not. */
async function refusalOf(statement: string, ...values: unknown[]): Promise<string | undefined> {
  const client = await t.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement, values);
    return undefined;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return error.constraint ?? error.message;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

describe('no SQL commits more than is left', () => {
  test.each([
    ['payments', 'payments_never_more_than_captured'],
    ['payment_sources', 'payment_sources_never_more_than_captured'],
  ] as const)('in %s', async (table, constraint) => {
    const id = table === 'payments' ? ids.payment : ids.source;
    const reserve = `UPDATE ${table} SET reserved_minor = reserved_minor + $2 WHERE id = $1`;
    expect(await refusalOf(reserve, id, 110_000n)).toBeUndefined();
    expect(await refusalOf(reserve, id, 110_001n)).toBe(constraint);
    const refund = `UPDATE ${table} SET refunded_minor = refunded_minor + $2 WHERE id = $1`;
    expect(await refusalOf(refund, id, 110_001n)).toBe(constraint);
    const recorded = `UPDATE ${table} SET refunded_minor = refunded_minor + $2, overcommitted = true WHERE id = $1`;
    expect(await refusalOf(recorded, id, 110_001n)).toBeUndefined();
  });

  test('nor of a fee that was withheld', async () => {
    expect(
      await refusalOf('UPDATE payment_sources SET fee_reserved_minor = 1 WHERE id = $1', ids.source),
    ).toBe('payment_sources_fee_never_more_than_withheld');
  });

  test.each([
    ['payments', 'refunded_minor', 'payments_refunded_not_negative'],
    ['payments', 'reserved_minor', 'payments_reserved_not_negative'],
    ['payments', 'unbound_minor', 'payments_unbound_not_negative'],
    ['payments', 'captured_minor', 'payments_captured_not_negative'],
    ['payment_sources', 'refunded_minor', 'payment_sources_refunded_not_negative'],
    ['payment_sources', 'reserved_minor', 'payment_sources_reserved_not_negative'],
  ])('and %s.%s is never below zero', async (table, column, constraint) => {
    const id = table === 'payments' ? ids.payment : ids.source;
    const change = `UPDATE ${table} SET ${column} = -1, overcommitted = true WHERE id = $1`;
    expect(await refusalOf(change, id)).toBe(constraint);
  });

  test.each([
    ['refunds', 'refunds_amount_positive'],
    ['refund_legs', 'refund_legs_amount_positive'],
  ])('and nothing of %s is of nothing', async (table, constraint) => {
    const id = table === 'refunds' ? ids.refund : ids.leg;
    expect(await refusalOf(`UPDATE ${table} SET amount_minor = 0 WHERE id = $1`, id)).toBe(constraint);
  });
});

/** A second leg in a status, never sent and without a lease. */
const bornLeg = `INSERT INTO refund_legs (id, merchant_id, account_id, payment_id, refund_id, name, status, amount_minor)
  SELECT gen_random_uuid(), merchant_id, account_id, payment_id, refund_id, 'born', $2, 1 FROM refund_legs WHERE id = $1`;

describe('words that are not in the vocabulary', () => {
  test.each([
    ['payments', 'state', 'payments_state_known'],
    ['refunds', 'status', 'refunds_status_known'],
    ['refunds', 'origin', 'refunds_origin_known'],
    // An update of a leg is first of all a move, and there is none to such a word.
    ['refund_legs', 'status', 'refund_legs_transition_known'],
    ['leg_attempts', 'outcome', 'leg_attempts_outcome_known'],
    ['accounts', 'health', 'accounts_health_known'],
  ])('cannot stand in %s.%s', async (table, column, constraint) => {
    expect(await refusalOf(`UPDATE ${table} SET ${column} = 'MAYBE'`)).toBe(constraint);
  });

  test('cannot stand in a leg from its birth', async () => {
    expect(await refusalOf(bornLeg, ids.leg, 'MAYBE')).toBe('refund_legs_status_known');
  });
});

describe('a row never points at another merchant’s', () => {
  test.each([
    ['refunds', 'payment_id', 'refunds_payment_fkey'],
    ['refund_legs', 'payment_id', 'refund_legs_payment_fkey'],
    ['provider_refunds', 'payment_id', 'provider_refunds_payment_fkey'],
  ])('%s.%s', async (table, column, constraint) => {
    const change = `UPDATE ${table} SET ${column} = $1 WHERE payment_id = $2`;
    expect(await refusalOf(change, ids.foreignPayment, ids.payment)).toBe(constraint);
  });

  test('nor is taken over by one', async () => {
    for (const [table, id] of [
      ['payments', ids.payment],
      ['refunds', ids.refund],
      ['refund_legs', ids.leg],
    ] as const)
      expect(
        await refusalOf(`UPDATE ${table} SET merchant_id = $1 WHERE id = $2`, ids.otherMerchant, id),
        table,
      ).toMatch(/_fkey$/);
  });

  test('leg_sources.source_id', async () => {
    const change = 'UPDATE leg_sources SET source_id = $1 WHERE leg_id = $2';
    expect(await refusalOf(change, ids.foreignSource, ids.leg)).toBe('leg_sources_source_fkey');
  });

  test('events of a payment', async () => {
    const insert = `INSERT INTO events (merchant_id, payment_id, kind, source, actor) VALUES ($1, $2, 'x', 'API', 'x')`;
    expect(await refusalOf(insert, ids.otherMerchant, ids.payment)).toBe('events_payment_fkey');
    expect(await refusalOf(insert, ids.otherMerchant, ids.foreignPayment)).toBeUndefined();
  });
});

describe('one at a time', () => {
  test('a payment has one leg that is being sent', async () => {
    const copy = `INSERT INTO refund_legs (id, merchant_id, account_id, payment_id, refund_id, name, status, amount_minor, sent_at, lease_until)
      SELECT gen_random_uuid(), merchant_id, account_id, payment_id, refund_id, $2, 'SENDING', 1, now(), now()
      FROM refund_legs WHERE id = $1`;
    expect(await refusalOf(copy, ids.leg, 'second')).toBeUndefined();
    expect(
      await refusalOf(
        `WITH first AS (${copy} RETURNING 1) ${copy.replace('$2', `$2 || '-third'`)}`,
        ids.leg,
        'second',
      ),
    ).toBe('refund_legs_one_sending_per_payment');
  });

  test('a leg that is being sent has a lease', async () => {
    expect(await refusalOf(bornLeg, ids.leg, 'PENDING')).toBeUndefined();
    expect(await refusalOf(bornLeg, ids.leg, 'SENDING')).toBe('refund_legs_sending_has_lease');
  });

  test('a provider key, a provider refund and a caller’s key are each used once', async () => {
    const attempt = `INSERT INTO leg_attempts SELECT leg_id, 2, merchant_id, account_id, provider_key, wire_version, method, path, headers, body
      FROM leg_attempts WHERE leg_id = $1`;
    expect(await refusalOf(attempt, ids.leg)).toBe('leg_attempts_provider_key_unique');
    const key = `INSERT INTO idempotency SELECT merchant_id, key, 1, '', refund_id FROM idempotency WHERE refund_id = $1`;
    expect(await refusalOf(key, ids.refund)).toBe('idempotency_pkey');
  });
});

describe('the history', () => {
  test.each([
    [`UPDATE events SET actor = 'nobody'`],
    ['DELETE FROM events'],
    ['TRUNCATE events'],
    ['TRUNCATE events CASCADE'],
    ['TRUNCATE payments CASCADE'],
  ])('cannot be changed: %s', async (statement) => {
    expect(await refusalOf(statement)).toBe('events are append-only');
  });

  test('has who, when, from, to and why for every move', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'instant');
    await armFault(t, 'lost-after-effect');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    await clearFaults(t);
    const { rows } = await sql<Record<string, unknown>>`
      SELECT kind, from_status, to_status, source, actor, api_key_id IS NOT NULL AS by_key, request_id,
        at <= now() AS dated, evidence->>'cause' AS cause
      FROM events WHERE refund_id = ${refundId} ORDER BY id`.execute(t.database.db);
    expect(rows).toEqual([
      {
        kind: 'refund.created',
        from_status: null,
        to_status: 'PENDING',
        source: 'API',
        actor: 'key:test',
        by_key: true,
        request_id: 'test-request',
        dated: true,
        cause: null,
      },
      {
        kind: 'leg.moved',
        from_status: 'SENDING',
        to_status: 'UNKNOWN',
        source: 'PROVIDER_ANSWER',
        actor: 'system',
        by_key: false,
        request_id: null,
        dated: true,
        cause: 'answer',
      },
    ]);
  });
});
