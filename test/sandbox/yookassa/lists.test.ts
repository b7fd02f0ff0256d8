import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, type Json, type Reply, rub, startHarness } from '../harness.ts';

describe('yookassa lists', () => {
  let sandbox: Harness;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
  });
  afterEach(() => sandbox.close());

  const ids = ({ body }: Reply): unknown[] => (body['items'] as Json[]).map((item) => item['id']);

  /** Ids of `count` refunds of one payment, oldest first, at least a second apart. */
  async function refunds(paymentId: string, count: number): Promise<string[]> {
    const made: string[] = [];
    for (let index = 0; index < count; index += 1) {
      await sandbox.control('POST', '/control/clock', { advanceSeconds: 60 });
      made.push(String((await sandbox.refund(paymentId, '1.00')).body['id']));
    }
    return made;
  }

  it('shows full objects, newest first, ten by default', async () => {
    const id = await sandbox.payment();
    const made = await refunds(id, 12);
    const page = await sandbox.api('GET', '/refunds');
    expect(page.status).toBe(200);
    expect(page.body['type']).toBe('list');
    expect(ids(page)).toEqual(made.toReversed().slice(0, 10));
    expect(page.body['items']).toMatchObject(Array.from({ length: 10 }, () => ({ amount: rub('1.00') })));
  });

  it('pages through everything once with an opaque cursor that is absent on the last page', async () => {
    const id = await sandbox.payment();
    const made = await refunds(id, 10);
    const seen: unknown[] = [];
    let path: string | undefined = `/refunds?payment_id=${id}&limit=5`;
    let pages = 0;
    while (path !== undefined) {
      const page: Reply = await sandbox.api('GET', path);
      seen.push(...ids(page));
      pages += 1;
      const cursor = page.body['next_cursor'] as string | undefined;
      path = cursor === undefined ? undefined : `/refunds?payment_id=${id}&limit=5&cursor=${cursor}`;
      if (pages === 1) await refunds(id, 1); // appears in front and disturbs nothing
    }
    expect(seen).toEqual(made.toReversed());
    expect(pages).toBe(2);
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'limit=-1', 'limit=1.5'])('refuses %s', async (query) => {
    expect(await sandbox.api('GET', `/refunds?${query}`)).toMatchObject({
      status: 400,
      body: { parameter: 'limit' },
    });
  });

  it.each([
    ['cursor=invented', 'cursor'],
    ['cursor=37a5c87d-3984-51e8-a7f3-8de646d39ec1', 'cursor'],
    ['status=refunded', 'status'],
    ['created_at.gte=yesterday', 'created_at.gte'],
  ])('refuses %s', async (query, parameter) => {
    expect(await sandbox.api('GET', `/refunds?${query}`)).toMatchObject({ status: 400, body: { parameter } });
  });

  it('filters by payment, status and the four bounds of created_at', async () => {
    const [a, b] = [await sandbox.payment(), await sandbox.payment()];
    const [first = '', second = '', third = ''] = await refunds(a, 3);
    const [other = ''] = await refunds(b, 1);
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', refunds: 'pending' });
    const [waiting = ''] = await refunds(b, 1);
    const list = async (query: string) => ids(await sandbox.api('GET', `/refunds?${query}`));
    expect(await list(`payment_id=${a}`)).toEqual([third, second, first]);
    expect(await list('status=pending')).toEqual([waiting]);
    expect(await list(`payment_id=${b}&status=succeeded`)).toEqual([other]);
    const at = String((await sandbox.api('GET', `/refunds/${second}`)).body['created_at']);
    expect(await list(`payment_id=${a}&created_at.gte=${at}`)).toEqual([third, second]);
    expect(await list(`payment_id=${a}&created_at.gt=${at}`)).toEqual([third]);
    expect(await list(`payment_id=${a}&created_at.lte=${at}`)).toEqual([second, first]);
    expect(await list(`payment_id=${a}&created_at.lt=${at}`)).toEqual([first]);
  });

  it('lists payments by status, method and captured_at', async () => {
    const card = await sandbox.payment();
    const sbp = await sandbox.payment({ method: 'sbp' });
    const held = await sandbox.payment({ status: 'authorized' });
    const list = async (query: string) => ids(await sandbox.api('GET', `/payments?${query}`));
    expect(await list('')).toEqual([held, sbp, card]);
    expect(await list('status=waiting_for_capture')).toEqual([held]);
    expect(await list('payment_method=sbp')).toEqual([sbp]);
    expect(await list('captured_at.gte=2020-01-01T00:00:00Z')).toEqual([sbp, card]);
  });

  it('ignores bracketed filter names, or refuses them in strict mode', async () => {
    const id = await sandbox.payment();
    const made = await refunds(id, 1);
    const path = '/refunds?created_at%5Bgte%5D=2099-01-01T00:00:00Z';
    expect(ids(await sandbox.api('GET', path))).toEqual(made);
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', strictFilters: true });
    expect(await sandbox.api('GET', path)).toMatchObject({
      status: 400,
      body: { parameter: 'created_at[gte]' },
    });
  });

  it('leaves out what is older than three years', async () => {
    const createdAt = new Date(Date.now() - 1_130 * 86_400_000).toISOString();
    const old = await sandbox.payment({ createdAt });
    const recent = await sandbox.payment();
    expect(ids(await sandbox.api('GET', '/payments'))).toEqual([recent]);
    expect((await sandbox.api('GET', `/payments/${old}`)).status).toBe(200);
  });

  it('can lag behind its own writes, for one answer or always', async () => {
    const id = await sandbox.payment();
    const [refund] = await refunds(id, 1);
    await sandbox.fault({ operation: 'listRefunds', kind: 'list-lag', seconds: 60 });
    expect(ids(await sandbox.api('GET', '/refunds'))).toEqual([]);
    expect(ids(await sandbox.api('GET', '/refunds'))).toEqual([refund]);
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', listLagSeconds: 60 });
    expect(ids(await sandbox.api('GET', '/refunds'))).toEqual([]);
    expect((await sandbox.api('GET', `/refunds/${refund}`)).status).toBe(200);
    await sandbox.control('POST', '/control/clock', { advanceSeconds: 61 });
    expect(ids(await sandbox.api('GET', '/refunds'))).toEqual([refund]);
  });
});
