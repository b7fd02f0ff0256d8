import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MUGS, OTHER_KEY, operationOf, startYandex, type YandexHarness } from './harness.ts';

const TWO_MUGS = { targetCart: { items: [{ productId: 'mug', quantityCount: '2' }] } };
const EXT = { externalOperationId: 'rf-1' };
const DUPLICATE = {
  status: 409,
  body: { status: 'fail', reasonCode: 'DUPLICATE_EXTERNAL_OPERATION_ID' },
};

describe('yandex-pay external operation ids', () => {
  let sandbox: YandexHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    await sandbox.mode({ refunds: 'pending' });
    id = await sandbox.payment(MUGS);
  });
  afterEach(() => sandbox.close());

  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const succeed = () => sandbox.settle({ all: true, status: 'succeeded' });

  it('give the same operation for the same arguments while it runs', async () => {
    const first = await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT });
    const again = await sandbox.refund(id, '100.00', { ...EXT, ...TWO_MUGS });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(await refundCount()).toBe(1);
    const { body } = await sandbox.control('GET', '/control/requests?provider=yandex-pay');
    expect(body['requests']).toMatchObject([
      { providerKey: 'rf-1', effect: true, operation: 'createRefund', account: 'yandex-pay-demo' },
      { providerKey: 'rf-1', effect: false },
    ]);
  });

  it('refuse other arguments, running or not, and another order', async () => {
    await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT });
    const other = await sandbox.payment(MUGS);
    for (const reply of [
      await sandbox.refund(id, '300.00', EXT),
      await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT, motive: 'x' }),
      await sandbox.refund(other, '100.00', { ...TWO_MUGS, ...EXT }),
    ]) {
      expect(reply.status).toBe(400);
      expect(reply.body['reason']).toMatch(/other arguments/);
    }
    await succeed();
    expect((await sandbox.refund(id, '300.00', EXT)).status).toBe(400);
    expect(await refundCount()).toBe(1);
  });

  it('are duplicates once the refund has ended', async () => {
    await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT });
    await succeed();
    expect(await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT })).toMatchObject(DUPLICATE);
    await sandbox.mode({ statuses: { externalIdFinished: 400 } });
    expect((await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT })).status).toBe(400);
    expect(await refundCount()).toBe(1);
  });

  it('are duplicates from the launch on when so configured', async () => {
    await sandbox.mode({ duplicateFrom: 'launch' });
    await sandbox.refund(id, '300.00', EXT);
    expect(await sandbox.refund(id, '300.00', EXT)).toMatchObject(DUPLICATE);
  });

  it('are used up by a failed refund, or show it again when so configured', async () => {
    const first = operationOf(await sandbox.refund(id, '300.00', EXT));
    await sandbox.settle({ all: true, status: 'failed' });
    expect(await sandbox.refund(id, '300.00', EXT)).toMatchObject(DUPLICATE);
    await sandbox.mode({ failedReplay: 'same' });
    const again = operationOf(await sandbox.refund(id, '300.00', EXT));
    expect(again).toMatchObject({ operationId: first['operationId'], status: 'FAIL' });
    expect(await refundCount()).toBe(1);
    const next = { externalOperationId: 'rf-2' };
    await sandbox.refund(id, '300.00', next);
    await succeed();
    expect(await sandbox.refund(id, '300.00', next)).toMatchObject(DUPLICATE);
  });

  it('are not used up by a refusal', async () => {
    expect((await sandbox.refund(id, '100.00', EXT)).status).toBe(400);
    expect((await sandbox.refund(id, '300.00', EXT)).status).toBe(200);
  });

  it('are each merchant’s own, and seen by it alone', async () => {
    await sandbox.refund(id, '300.00', EXT);
    const authorization = `Api-Key ${OTHER_KEY}`;
    expect((await sandbox.api('GET', '/v1/operations/rf-1', { authorization })).status).toBe(404);
    const foreign = await sandbox.payment({ ...MUGS, account: 'yandex-pay-other' });
    const body = { refundAmount: '300.00', ...EXT };
    const reply = await sandbox.api('POST', `/v2/orders/${foreign}/refund`, { authorization, body });
    expect(reply.status).toBe(200);
  });

  it('that were forgotten do not refund twice, because the target cart is absolute', async () => {
    await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-1');
    await succeed();
    await sandbox.fault({ operation: 'createRefund', kind: 'key-forgotten' });
    const reply = await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-1');
    expect(reply.body['reason']).toBe('Cart total amount mismatch');
    expect(await refundCount()).toBe(1);
  });

  it('are needed: without one every request is a new refund', async () => {
    await sandbox.mode({ refunds: 'instant' });
    await sandbox.refund(id, '100.00', TWO_MUGS);
    await sandbox.refund(id, '200.00');
    expect(await refundCount()).toBe(2);
  });
});

describe('yandex-pay request ids', () => {
  let sandbox: YandexHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    id = await sandbox.payment(MUGS);
  });
  afterEach(() => sandbox.close());

  it('replay the stored answer, also when the refund has ended since', async () => {
    const first = await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-1');
    const again = await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-1');
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(operationOf(again)['status']).toBe('PENDING');
    expect(await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-2')).toMatchObject(DUPLICATE);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(1);
  });

  it('do not keep refusals, or do when so configured', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.refund(id, '100.00', TWO_MUGS);
    const refused = await sandbox.refund(id, '200.00', {}, 'r-1');
    expect(refused.status).toBe(409);
    await sandbox.settle({ all: true, status: 'succeeded' });
    expect((await sandbox.refund(id, '200.00', {}, 'r-1')).status).toBe(200);
    await sandbox.mode({ replayRefusals: true });
    const busy = await sandbox.refund(id, '200.00', {}, 'r-2');
    expect(busy.status).toBe(409);
    await sandbox.settle({ all: true, status: 'failed' });
    expect(await sandbox.refund(id, '200.00', {}, 'r-2')).toMatchObject({ status: 409, body: busy.body });
    expect((await sandbox.refund(id, '200.00', {}, 'r-3')).status).toBe(200);
  });

  it('refuse another request, or replay the first when so configured', async () => {
    const first = await sandbox.refund(id, '100.00', TWO_MUGS, 'r-1');
    const other = await sandbox.refund(id, '200.00', {}, 'r-1');
    expect(other).toMatchObject({ status: 400, body: { reason: expect.stringMatching(/another request/) } });
    await sandbox.mode({ requestIdConflict: 'replay' });
    await sandbox.refund(id, '200.00', {}, 'r-2');
    const replayed = await sandbox.refund(id, '1.00', {}, 'r-2');
    expect(operationOf(replayed)['amount']).toBe('200.00');
    expect(operationOf(first)['amount']).toBe('100.00');
  });

  it('are forgotten after their life', async () => {
    await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-1');
    await sandbox.advance(86_401);
    expect(await sandbox.refund(id, '100.00', { ...TWO_MUGS, ...EXT }, 'r-1')).toMatchObject(DUPLICATE);
  });

  it('make a second request wait for the first', async () => {
    await sandbox.fault({ operation: 'createRefund', kind: 'slow', when: 'before', ms: 200 });
    const [first, second] = await Promise.all([
      sandbox.refund(id, '300.00', {}, 'r-1'),
      sandbox.refund(id, '300.00', {}, 'r-1'),
    ]);
    expect([first?.status, second?.body]).toEqual([200, first?.body]);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(1);
  });

  it('hold for cancel, capture and rollback too', async () => {
    const held = await sandbox.payment({ ...MUGS, status: 'authorized' });
    const cancel = () =>
      sandbox.api('POST', `/v1/orders/${held}/cancel`, { requestId: 'r-1', body: { reason: 'x' } });
    const first = await cancel();
    expect(first.status).toBe(200);
    expect((await cancel()).body).toEqual(first.body);
    const rollback = () => sandbox.api('POST', `/v1/orders/${id}/rollback`, { requestId: 'r-2' });
    await rollback();
    expect((await rollback()).status).toBe(200);
    expect((await sandbox.ledger(id)).refunds).toHaveLength(1);
  });
});
