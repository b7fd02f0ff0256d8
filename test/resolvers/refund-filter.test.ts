import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createRowsWorld, insertPayment, insertRefund, insertTenant, type Tenant } from '../support/rows.ts';

let database: TestDatabase<Database>;
let world: World;
let tenant: Tenant;
let other: Tenant;
const ids: Record<string, string> = {};
const payments: Record<string, string> = {};

beforeAll(async () => {
  database = await createTestDatabase('refund_filter');
  const { db } = database;
  world = await createRowsWorld(db);
  tenant = await insertTenant(db, 'demo');
  other = await insertTenant(db, 'other');
  const ordered = await insertPayment(db, tenant, { order_reference: 'order-1' });
  const dollars = await insertPayment(db, tenant, { currency: 'USD' });
  const foreign = await insertPayment(db, other, { order_reference: 'order-1' });
  Object.assign(payments, {
    ordered: encodeGlobalId('Payment', ordered),
    foreign: encodeGlobalId('Payment', foreign),
  });
  const day = (date: string) => ({ created_at: new Date(`${date}T00:00:00Z`) });
  const rows = {
    january: await insertRefund(db, tenant, ordered, { ...day('2026-01-10'), reference: 'RF-1' }),
    pending: await insertRefund(
      db,
      tenant,
      ordered,
      {
        ...day('2026-02-10'),
        status: 'PENDING',
        amount_minor: 2500n,
        attention: 'PENDING_TOO_LONG',
        attention_since: new Date('2026-02-20T00:00:00Z'),
      },
      { status: 'PENDING' },
    ),
    external: await insertRefund(db, tenant, dollars, {
      ...day('2026-03-10'),
      origin: 'EXTERNAL',
      currency: 'USD',
      finalized_at: new Date('2026-03-11T00:00:00Z'),
    }),
    foreign: await insertRefund(db, other, foreign, { ...day('2026-03-10'), reference: 'RF-1' }),
  };
  for (const [name, id] of Object.entries(rows)) ids[name] = encodeGlobalId('Refund', id);
});
afterAll(() => database.drop());

const LIST = `query ($filter: RefundFilter) { refunds(first: 100, filter: $filter) { nodes { id } } }`;
type List = { refunds: { nodes: { id: string }[] } };

/** Which of the refunds above a filter finds, oldest first. */
async function found(filter: object | null, who: Tenant = tenant): Promise<string[]> {
  const { refunds } = await ask<List>(world, who.caller(), LIST, { filter });
  const names = Object.fromEntries(Object.entries(ids).map(([name, id]) => [id, name]));
  return refunds.nodes.map((node) => names[node.id] ?? '?').toReversed();
}

const march = { createdAt: { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' } };
const firstQuarter = { createdAt: { from: '2026-01-01T00:00:00Z', to: '2026-04-01T00:00:00Z' } };

describe('the filter of refunds', () => {
  test('absent or empty, shows all of the merchant and nothing of another', async () => {
    expect(await found(null)).toEqual(['january', 'pending', 'external']);
    expect(await found({})).toEqual(['january', 'pending', 'external']);
    expect(await found(null, other)).toEqual(['foreign']);
  });

  test.each([
    ['payment', () => ({ payment: payments['ordered'] }), ['january', 'pending']],
    ['orderReference', () => ({ orderReference: 'order-1' }), ['january', 'pending']],
    ['reference', () => ({ reference: 'RF-1' }), ['january']],
    [
      'account',
      () => ({ account: encodeGlobalId('ProviderAccount', tenant.accountId) }),
      ['january', 'pending', 'external'],
    ],
    ['seller', () => ({ seller: tenant.accountCode }), ['january', 'pending', 'external']],
    ['another seller', () => ({ seller: 'nobody' }), []],
    ['status', () => ({ status: ['PENDING', 'UNKNOWN'] }), ['pending']],
    ['no status at all', () => ({ status: [] }), []],
    [
      'status and isFinal',
      () => ({ status: ['PENDING', 'SUCCEEDED'], isFinal: true }),
      ['january', 'external'],
    ],
    ['isFinal', () => ({ ...firstQuarter, isFinal: false }), ['pending']],
    ['needsAttention, which needs no range', () => ({ needsAttention: true }), ['pending']],
    ['no need of attention', () => ({ ...firstQuarter, needsAttention: false }), ['january', 'external']],
    ['origin', () => ({ ...march, origin: 'EXTERNAL' }), ['external']],
    ['createdAt', () => march, ['external']],
    [
      'createdAt, its end exclusive',
      () => ({ createdAt: { from: '2026-01-10T00:00:00Z', to: '2026-02-10T00:00:00Z' } }),
      ['january'],
    ],
    ['finalizedAt', () => ({ ...march, finalizedAt: { from: '2026-03-11T00:00:00Z' } }), ['external']],
    ['amount', () => ({ ...firstQuarter, amount: { currency: 'RUB', min: '10.01' } }), ['pending']],
    [
      'amount, both ends included',
      () => ({ ...firstQuarter, amount: { currency: 'RUB', min: '10', max: '25.00' } }),
      ['january', 'pending'],
    ],
    ['amount of a currency', () => ({ ...firstQuarter, amount: { currency: 'USD' } }), ['external']],
    [
      'amount beyond all amounts',
      () => ({ ...firstQuarter, amount: { currency: 'RUB', max: '1'.repeat(40) } }),
      ['january', 'pending'],
    ],
    ['several fields together', () => ({ orderReference: 'order-1', status: ['SUCCEEDED'] }), ['january']],
    ['text that cannot be stored', () => ({ reference: 'a\u0000b' }), []],
  ])('%s', async (_name, filter, expected) => {
    expect(await found(filter())).toEqual(expected);
  });

  test('ids: unknown, malformed and foreign ones are simply not there', async () => {
    const wanted = [ids['january'], ids['foreign'], 'nonsense', payments['ordered']];
    expect(await found({ ids: wanted })).toEqual(['january']);
  });

  test.each(['payment', 'account'])(
    '%s of another merchant, of another type or malformed finds nothing',
    async (field) => {
      const foreign =
        field === 'payment' ? payments['foreign'] : encodeGlobalId('ProviderAccount', other.accountId);
      expect(await found({ [field]: foreign })).toEqual([]);
      expect(await found({ [field]: ids['january'] })).toEqual([]);
      expect(await found({ [field]: 'nonsense' })).toEqual([]);
    },
  );

  test.each([
    [{ isFinal: true }],
    [{ needsAttention: false }],
    [{ origin: 'API' }],
    [{ createdAt: { to: '2026-04-01T00:00:00Z' } }],
    [{ createdAt: { from: '2026-01-01T00:00:00Z', to: '2026-04-04T00:00:00Z' } }],
    [{ createdAt: { from: '2001-01-01T00:00:00Z' }, amount: { currency: 'RUB' } }],
  ])('%j reads too much, and the error says which range is needed', async (filter) => {
    const { data, errors } = await execute<null>(world, tenant.caller(), LIST, { filter });
    expect(data).toBeNull();
    expect(codeOf(errors[0])).toBe('BAD_USER_INPUT');
    expect(errors[0]?.extensions['path']).toEqual(['filter', 'createdAt']);
    expect(errors[0]?.message).toMatch(/at most 92 days.*orderReference/);
  });

  test.each([
    [['filter', 'amount', 'min'], { ...march, amount: { currency: 'RUB', min: '1.001' } }],
    [['filter', 'amount', 'max'], { ...march, amount: { currency: 'RUB', max: '1e3' } }],
    [['filter', 'createdAt'], { createdAt: { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' } }],
    [['filter', 'ids'], { ids: Array.from({ length: 101 }, () => 'x') }],
  ])('names %j when that is wrong', async (path, filter) => {
    const { errors } = await execute<null>(world, tenant.caller(), LIST, { filter });
    expect(codeOf(errors[0])).toBe('BAD_USER_INPUT');
    expect(errors[0]?.extensions['path']).toEqual(path);
  });

  test('needsAttention shows why and since when, through an index of its own', async () => {
    const source = `query ($id: ID!) { refund(by: { id: $id }) { attention { reason since } } }`;
    const shown = (id: unknown) => ask(world, tenant.caller(), source, { id });
    expect(await shown(ids['pending'])).toEqual({
      refund: { attention: { reason: 'PENDING_TOO_LONG', since: '2026-02-20T00:00:00.000Z' } },
    });
    expect(await shown(ids['january'])).toEqual({ refund: { attention: null } });
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT id FROM refunds WHERE merchant_id = $1 AND attention IS NOT NULL
         ORDER BY created_at DESC, id DESC LIMIT 21`,
        [tenant.merchantId],
      );
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('refunds_needing_attention');
      expect(plan).not.toContain('Sort');
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  test('works under a payment without a range, because the payment bounds it', async () => {
    const source = `query ($id: ID!) { payment(by: { id: $id }) { refunds(filter: { isFinal: false }) { nodes { id } } } }`;
    const data = await ask<{ payment: List }>(world, tenant.caller(), source, { id: payments['ordered'] });
    expect(data.payment.refunds.nodes).toEqual([{ id: ids['pending'] }]);
  });
});
