import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import { uuidv7, type LegId, type PaymentId, type RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { decodeGlobalId, encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask } from '../support/execute.ts';
import { createRowsWorld, insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
let payment: PaymentId;

beforeAll(async () => {
  database = await createTestDatabase('refund_fields');
  world = await createRowsWorld(database.db);
  tenant = await insertTenant(database.db, 'demo');
  payment = await insertPayment(database.db, tenant);
});
afterAll(() => database.drop());

const fieldsOf = async (id: RefundId, fields: string, caller = tenant.caller()) => {
  const source = `query ($id: ID!) { refund(by: { id: $id }) { ${fields} } }`;
  return (await ask<{ refund: object }>(world, caller, source, { id: encodeGlobalId('Refund', id) })).refund;
};

const failure = JSON.stringify({
  code: 'INSUFFICIENT_FUNDS',
  message: 'Not enough.',
  retry: 'RETRY_REFUND',
  providerCode: 'insufficient_funds',
});

/** A second leg, of 20 roubles, that was refused. */
async function insertFailedLeg(paymentId: PaymentId, refundId: RefundId): Promise<LegId> {
  const id = uuidv7<LegId>();
  await database.db
    .insertInto('refund_legs')
    .values({
      id,
      merchant_id: tenant.merchantId,
      payment_id: paymentId,
      account_id: tenant.accountId,
      refund_id: refundId,
      name: 'b',
      status: 'FAILED',
      amount_minor: 2000n,
      provider_refund_id: null,
      raw_status: null,
      failure,
      sent_at: new Date(),
      lease_until: null,
      next_look_at: null,
      finalized_at: null,
    })
    .execute();
  return id;
}

describe('a refund that is being sent', () => {
  test('shows as pending everywhere, and as in flight', async () => {
    const id = await insertRefund(
      database.db,
      tenant,
      payment,
      { status: 'PENDING' },
      { status: 'SENDING', provider_refund_id: null, lease_until: new Date(Date.now() + 60_000) },
    );
    expect(await fieldsOf(id, 'status isFinal moneyMovement legs { status providerRefundId }')).toEqual({
      status: 'PENDING',
      isFinal: false,
      moneyMovement: 'IN_FLIGHT',
      legs: [{ status: 'PENDING', providerRefundId: null }],
    });
  });
});

describe('why a refund is where it is', () => {
  test.each([
    ['UNKNOWN', 'UNKNOWN', true],
    ['FAILED', 'FAILED', true],
    // As when the leg is read a moment after its refund.
    ['PENDING', 'FAILED', false],
    ['QUEUED', 'FAILED', false],
    ['UNKNOWN', 'FAILED', false],
    ['PENDING', 'SUCCEEDED', false],
  ] as const)('a refund read as %s with its only leg %s', async (status, leg, isTold) => {
    const id = await insertRefund(database.db, tenant, payment, { status }, { status: leg, failure });
    expect(await fieldsOf(id, 'failure { code }')).toEqual({
      failure: isTold ? { code: 'INSUFFICIENT_FUNDS' } : null,
    });
  });

  test('a refund of two sellers tells why one failed while the other is under way', async () => {
    const id = await insertRefund(
      database.db,
      tenant,
      payment,
      { status: 'PENDING', amount_minor: 3000n },
      { status: 'PENDING', name: 'a', amount_minor: 1000n },
    );
    await insertFailedLeg(payment, id);
    expect(await fieldsOf(id, 'status failure { code }')).toEqual({
      status: 'PENDING',
      failure: { code: 'INSUFFICIENT_FUNDS' },
    });
  });
});

describe('trace references', () => {
  const FIELD = 'traceReferences { kind value availability }';
  const traces = JSON.stringify([{ kind: 'RRN', value: '632600445566' }]);

  test.each([
    ['PENDING', undefined, { value: null, availability: 'NOT_YET' }],
    ['SUCCEEDED', traces, { value: '632600445566', availability: 'AVAILABLE' }],
    ['SUCCEEDED', undefined, { value: null, availability: 'NEVER' }],
    ['FAILED', undefined, { value: null, availability: 'NEVER' }],
  ] as const)('of a refund that is %s with %s', async (status, given, expected) => {
    const leg = given === undefined ? { status } : { status, trace_references: given };
    const id = await insertRefund(database.db, tenant, payment, { status }, leg);
    expect(await fieldsOf(id, FIELD)).toEqual({ traceReferences: [{ kind: 'RRN', ...expected }] });
  });
});

describe('trace references of a provider that tells them days later', () => {
  let late: Tenant;
  beforeAll(async () => {
    late = await insertTenant(database.db, 'late', 'razorpay');
  });

  test.each([
    ['PENDING', 'NOT_YET'],
    ['SUCCEEDED', 'NOT_YET'],
    ['REVERSED', 'NOT_YET'],
    ['FAILED', 'NEVER'],
    ['CANCELED', 'NEVER'],
  ] as const)('of a refund that is %s without any are %s', async (status, availability) => {
    const id = await insertRefund(
      database.db,
      late,
      await insertPayment(database.db, late),
      { status },
      { status },
    );
    const fields = 'traceReferences { kind value availability }';
    const awaited = ['ARN', 'RRN', 'UTR'].map((kind) => ({ kind, value: null, availability }));
    expect(await fieldsOf(id, fields, late.caller())).toEqual({ traceReferences: awaited });
  });
});

describe('a refund of two sellers', () => {
  test('says what is returned from whose share, and why the rest is not', async () => {
    const { db } = database;
    const split = await insertPayment(db, tenant);
    const secondSource = uuidv7<never>();
    const owner = { merchant_id: tenant.merchantId, payment_id: split };
    await db
      .insertInto('payment_sources')
      .values({
        ...owner,
        id: secondSource,
        seller: 'zebra-store',
        captured_minor: 50_000n,
        platform_fee_minor: 100n,
      })
      .execute();
    const id = await insertRefund(
      db,
      tenant,
      split,
      { status: 'PARTIALLY_SUCCEEDED', amount_minor: 3000n, returned_minor: 1000n },
      { name: 'a', amount_minor: 1000n, returned_minor: 1000n },
    );
    const failedLeg = await insertFailedLeg(split, id);
    await db
      .insertInto('leg_sources')
      .values({
        leg_id: failedLeg,
        source_id: secondSource,
        merchant_id: tenant.merchantId,
        amount_minor: 2000n,
        platform_fee_minor: 40n,
      })
      .execute();
    const refund = await fieldsOf(
      id,
      `status moneyMovement returned { value } failure { code retry message providerCode }
       sources { seller amount { value } returned { value } platformFee { value } leg { id status } } legs { id }
       payment { sources { seller captured { value } refundable { value } platformFee { value } } }`,
    );
    expect(refund).toMatchObject({
      status: 'PARTIALLY_SUCCEEDED',
      moneyMovement: 'PARTLY_RETURNED',
      returned: { value: '10.00' },
      failure: { code: 'INSUFFICIENT_FUNDS', retry: 'RETRY_REFUND', providerCode: 'insufficient_funds' },
      sources: [
        {
          seller: 'yookassa-demo',
          returned: { value: '10.00' },
          platformFee: null,
          leg: { status: 'SUCCEEDED' },
        },
        {
          seller: 'zebra-store',
          amount: { value: '20.00' },
          returned: { value: '0.00' },
          platformFee: { value: '0.40' },
          leg: { id: encodeGlobalId('RefundLeg', failedLeg), status: 'FAILED' },
        },
      ],
      payment: {
        sources: [
          { seller: 'yookassa-demo', captured: { value: '1500.00' }, platformFee: null },
          { seller: 'zebra-store', captured: { value: '500.00' }, platformFee: { value: '1.00' } },
        ],
      },
    });
  });
});

describe('a global id', () => {
  const id = uuidv7<RefundId>();

  test('comes back as what it was made of', () => {
    expect(decodeGlobalId('Refund', encodeGlobalId('Refund', id))).toBe(id);
  });

  test.each([
    ['of another type', encodeGlobalId('Payment', id)],
    ['in capitals', encodeGlobalId('Refund', id.toUpperCase())],
    ['with something behind it', encodeGlobalId('Refund', `${id}:x`)],
    ['without its padding', encodeGlobalId('Refund', id).replaceAll('=', '')],
    ['with a line break', `${encodeGlobalId('Refund', id)}\n`],
    ['empty', ''],
    ['of SQL', encodeGlobalId('Refund', "' OR 1 = 1 --")],
  ])('%s names nothing', (_name, text) => {
    expect(decodeGlobalId('Refund', text)).toBeUndefined();
  });
});
