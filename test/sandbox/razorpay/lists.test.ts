import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { descriptionOf, type RazorpayHarness, startRazorpay } from './harness.ts';

const START = Date.parse('2026-11-22T10:00:00Z');
const SECOND = START / 1_000;

describe('razorpay lists', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  let now: number;
  beforeEach(async () => {
    now = START;
    sandbox = await startRazorpay({ seed: false, realNow: () => now });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  /** Refunds of 1.00, 1.01, … one second after the other. */
  const makeRefunds = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      await sandbox.refund(id, 100 + index);
      now += 1_000;
    }
  };
  const amounts = async (path: string): Promise<unknown[]> =>
    ((await sandbox.api('GET', path)).body['items'] as Json[]).map((item) => item['amount']);

  it('pages by count and skip, newest first; count is that of the page', async () => {
    await makeRefunds(12);
    expect((await sandbox.api('GET', '/refunds')).body).toMatchObject({ entity: 'collection', count: 10 });
    expect(await amounts('/refunds?count=2')).toEqual([111, 110]);
    expect(await amounts('/refunds?count=2&skip=2')).toEqual([109, 108]);
    const last = await sandbox.api('GET', '/refunds?count=100&skip=10');
    expect(Object.keys(last.body).toSorted()).toEqual(['count', 'entity', 'items']);
    expect(last.body['count']).toBe(2);
    expect(await amounts('/refunds?skip=12')).toEqual([]);
  });

  it('lists the refunds of one payment oldest first, and either order on demand', async () => {
    const other = await sandbox.payment();
    await sandbox.refund(other, 999);
    await makeRefunds(2);
    expect(await amounts(`/payments/${id}/refunds`)).toEqual([100, 101]);
    await sandbox.mode({ listOrder: 'reversed' });
    expect(await amounts(`/payments/${id}/refunds`)).toEqual([101, 100]);
    expect(await amounts('/refunds')).toEqual([999, 100, 101]);
  });

  it('filters by creation time in seconds, with or without the edges', async () => {
    await makeRefunds(4);
    const window = `/refunds?from=${SECOND + 1}&to=${SECOND + 2}`;
    expect(await amounts(window)).toEqual([102, 101]);
    expect(await amounts(`/payments/${id}/refunds?from=${SECOND + 3}`)).toEqual([103]);
    await sandbox.mode({ listEdges: 'exclusive' });
    expect(await amounts(window)).toEqual([]);
    expect(await amounts(`/refunds?from=${SECOND}&to=${SECOND + 3}`)).toEqual([102, 101]);
  });

  it.each([
    ['count=101', 'The count may not be greater than 100.', 'count'],
    ['count=0', 'The count must be at least 1.', 'count'],
    ['count=ten', 'The count must be at least 1.', 'count'],
    ['skip=-1', 'The skip must be an integer of at least 0.', 'skip'],
    ['from=946684799', 'from must be between 946684800 and 4765046400', 'from'],
    ['to=4765046401', 'to must be between 946684800 and 4765046400', 'to'],
    ['from=2026-11-22', 'from must be between 946684800 and 4765046400', 'from'],
  ])('refuses %s', async (query, description, field) => {
    for (const path of ['/refunds', '/payments', `/payments/${id}/refunds`]) {
      const reply = await sandbox.api('GET', `${path}?${query}`);
      expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
      expect(descriptionOf(reply)).toBe(description);
    }
  });

  it('has no filter by receipt or status', async () => {
    await sandbox.refund(id, 100, { receipt: 'R-1' });
    expect(await amounts('/refunds?receipt=R-2&status=failed')).toEqual([100]);
  });

  it('lags behind its own writes when it is told to', async () => {
    await sandbox.mode({ listLagSeconds: 60 });
    const { body } = await sandbox.refund(id, 100);
    expect(await amounts('/refunds')).toEqual([]);
    expect((await sandbox.api('GET', `/refunds/${String(body['id'])}`)).status).toBe(200);
    await sandbox.advance(61);
    expect(await amounts('/refunds')).toEqual([100]);
  });

  it('lists payments of the account and of an order', async () => {
    const { body } = await sandbox.api('GET', `/payments/${id}`);
    await sandbox.payment();
    expect((await sandbox.api('GET', '/payments')).body['count']).toBe(2);
    expect((await sandbox.api('GET', `/orders/${String(body['order_id'])}/payments`)).body['items']).toEqual([
      body,
    ]);
    expect(descriptionOf(await sandbox.api('GET', '/orders/order_AAAAAAAAAAAAAA/payments'))).toBe(
      'The id provided does not exist',
    );
    expect(descriptionOf(await sandbox.api('GET', '/orders/order_x/payments'))).toBe(
      'order_x is not a valid id',
    );
  });
});
