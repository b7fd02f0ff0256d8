import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { errorOf, OTHER_KEY, startStripe, type StripeHarness } from './harness.ts';

describe('stripe lists of refunds', () => {
  let sandbox: StripeHarness;
  let id: string;
  let ids: string[]; // newest first
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment();
    ids = [];
    for (let index = 0; index < 12; index += 1) {
      ids.unshift(String((await sandbox.refund(id, 100 + index)).body['id']));
      await sandbox.advance(10);
    }
  });
  afterEach(() => sandbox.close());

  const list = async (query = ''): Promise<Json> => (await sandbox.api('GET', `/refunds?${query}`)).body;
  const idsOf = (page: Json): unknown[] => (page['data'] as Json[]).map((refund) => refund['id']);

  it('are newest first, ten to a page', async () => {
    const page = await list();
    expect(page).toMatchObject({ object: 'list', url: '/v1/refunds', has_more: true });
    expect(idsOf(page)).toEqual(ids.slice(0, 10));
    expect(await list('limit=12')).toMatchObject({ has_more: false });
  });

  it('go on after and before a refund', async () => {
    const after = await list(`starting_after=${ids[9]}`);
    expect([idsOf(after), after['has_more']]).toEqual([ids.slice(10), false]);
    const before = await list(`ending_before=${ids[4]}&limit=3`);
    expect([idsOf(before), before['has_more']]).toEqual([ids.slice(1, 4), true]);
    const first = await list(`ending_before=${ids[2]}`);
    expect([idsOf(first), first['has_more']]).toEqual([ids.slice(0, 2), false]);
  });

  it('filter by payment intent, charge and second of creation', async () => {
    const other = await sandbox.payment();
    const lone = String((await sandbox.refund(other, 100)).body['id']);
    expect(idsOf(await list(`payment_intent=${other}`))).toEqual([lone]);
    expect(idsOf(await list(`charge=${other.replace('pi_', 'ch_')}`))).toEqual([lone]);
    const created = Number((await sandbox.api('GET', `/refunds/${ids[5]}`)).body['created']);
    expect(idsOf(await list(`payment_intent=${id}&created[gte]=${created}`))).toEqual(ids.slice(0, 6));
    expect(idsOf(await list(`payment_intent=${id}&created[gt]=${created}`))).toEqual(ids.slice(0, 5));
    expect(idsOf(await list(`created[lt]=${created}`))).toEqual(ids.slice(6));
    expect(idsOf(await list(`created[lte]=${created}`))).toEqual(ids.slice(5));
    expect(idsOf(await list(`created=${created}`))).toEqual([ids[5]]);
  });

  it('show nothing of other accounts', async () => {
    const reply = await sandbox.api('GET', '/refunds', { apiKey: OTHER_KEY });
    expect(reply.body['data']).toEqual([]);
    const filtered = await sandbox.api('GET', `/refunds?payment_intent=${id}`, { apiKey: OTHER_KEY });
    expect([filtered.status, errorOf(filtered)['code']]).toEqual([404, 'resource_missing']);
    const cursor = await sandbox.api('GET', `/refunds?starting_after=${ids[0]}`, { apiKey: OTHER_KEY });
    expect([cursor.status, errorOf(cursor)['param']]).toEqual([404, 'starting_after']);
    await sandbox.mode({ unknownFilter: 'empty' });
    expect(await list('payment_intent=pi_x')).toMatchObject({ data: [], has_more: false });
  });

  it('expand what is asked for, with either spelling of the index', async () => {
    for (const index of ['', '0']) {
      const page = await list(`limit=1&expand[${index}]=data.charge`);
      expect(page['data']).toMatchObject([{ charge: { object: 'charge' }, payment_intent: id }]);
    }
  });

  it.each([
    ['limit=0', 400, 'parameter_invalid_integer', 'limit'],
    ['limit=101', 400, 'parameter_invalid_integer', 'limit'],
    ['limit=ten', 400, 'parameter_invalid_integer', 'limit'],
    ['status=pending', 400, 'parameter_unknown', 'status'],
    ['created[since]=1', 400, 'parameter_unknown', 'created'],
    ['starting_after=re_x', 404, 'resource_missing', 'starting_after'],
    ['expand[]=charge', 400, undefined, 'expand'],
  ])('refuse %s', async (query, status, code, param) => {
    const reply = await sandbox.api('GET', `/refunds?${query}`);
    expect([reply.status, errorOf(reply)['code'], errorOf(reply)['param']]).toEqual([status, code, param]);
  });
});
