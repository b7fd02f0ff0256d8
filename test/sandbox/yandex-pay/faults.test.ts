import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../sandbox/faults.ts';
import type { Json } from '../harness.ts';
import { MUGS, operationOf, startYandex, type YandexHarness } from './harness.ts';

const EXT = { externalOperationId: 'rf-1' };

describe('yandex-pay faults', () => {
  let sandbox: YandexHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startYandex();
    id = await sandbox.payment(MUGS);
  });
  afterEach(() => sandbox.close());

  const refund = () => sandbox.refund(id, '300.00', EXT, 'r-1');
  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const arm = (kind: string, extra: Json = {}) =>
    sandbox.fault({ operation: 'createRefund', kind, ...extra });

  it.each<[string, Json, number, number]>([
    ['lost-after-effect', {}, 0, 1],
    ['lost-before-effect', {}, 0, 0],
    ['cut-body', {}, 0, 1],
    ['error-after-effect', {}, 500, 1],
    ['error-after-effect', { status: 503 }, 503, 1],
    ['error-before-effect', {}, 500, 0],
    ['garbage', { status: 502 }, 502, 1],
    ['garbage', { status: 504, effect: false, format: 'empty' }, 504, 0],
    ['rate-limited', {}, 429, 0],
    ['unauthorized', {}, 401, 0],
    ['forbidden', {}, 403, 0],
    ['busy', {}, 409, 0],
    ['busy', { effect: true }, 409, 1],
    ['key-conflict', {}, 400, 0],
    ['refuse', { code: 'amountExceeds' }, 400, 0],
    ['slow', { ms: 50 }, 200, 1],
  ])('%s %j: HTTP %i, %i refunds, and the way out', async (kind, extra, status, count) => {
    await arm(kind, extra);
    const reply = await refund().catch(() => ({ status: 0 }));
    expect([reply.status, await refundCount()]).toEqual([status, count]);
    const again = await refund();
    expect([again.status, await refundCount()]).toEqual([200, 1]);
    expect(operationOf(again)['externalOperationId']).toBe('rf-1');
  });

  it('hangs until the client goes away, having done it or not', async () => {
    await arm('hang', { effect: false });
    const hanging = fetch(`${sandbox.yandexPayUrl}/v2/orders/${id}/refund`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(100),
    });
    await expect(hanging).rejects.toThrow();
    expect(await refundCount()).toBe(0);
  });

  it('refuses connections for a while', async () => {
    await sandbox.fault({ kind: 'connect-refused' });
    await expect(sandbox.order(id)).rejects.toThrow();
    await sandbox.control('DELETE', '/control/faults');
    expect((await sandbox.order(id)).order.paymentStatus).toBe('CAPTURED');
  });

  it('answers HTTP 200 with status fail', async () => {
    await arm('error-before-effect', { status: 200 });
    expect(await refund()).toMatchObject({ status: 200, body: { code: 500, status: 'fail' } });
    await arm('refuse', { code: 'SOMETHING_NEW', status: 200, description: 'new' });
    expect((await refund()).body).toEqual({
      code: 400,
      status: 'fail',
      reasonCode: 'SOMETHING_NEW',
      reason: 'new',
    });
    await arm('refuse', { code: 'anotherOperation', status: 200 });
    expect((await refund()).body).toMatchObject({
      code: 409,
      status: 'fail',
      reasonCode: 'ANOTHER_OPERATION_IN_PROGRESS',
    });
    expect(await refundCount()).toBe(0);
    await arm('error-after-effect', { status: 200 });
    expect((await refund()).body).toMatchObject({ status: 'fail' });
    expect(await refundCount()).toBe(1);
  });

  it('lets a refund end in FAIL', async () => {
    await arm('refuse', { code: 'failed', description: 'Bank says no' });
    expect(operationOf(await refund())['status']).toBe('PENDING');
    const { order, operations } = await sandbox.order(id);
    expect(order.paymentStatus).toBe('CAPTURED');
    expect(operations[1]).toMatchObject({ status: 'FAIL', reason: 'Bank says no' });
  });

  it('lets one refund wait for its verdict', async () => {
    await arm('pending');
    const { operationId } = operationOf(await refund());
    expect((await sandbox.order(id)).operations[1]).toMatchObject({ status: 'PENDING' });
    expect((await sandbox.settle({ all: true, status: 'succeeded' })).body).toEqual({
      settled: [operationId],
    });
  });

  it('shows another amount or an unknown status in refunds, but not in the capture', async () => {
    await arm('wrong-amount');
    expect(operationOf(await refund())['amount']).toBe('301.00');
    await sandbox.fault({
      operation: 'getRefund',
      kind: 'wrong-amount',
      amount: { value: '7.00', currency: 'RUB' },
    });
    expect(operationOf(await sandbox.api('GET', '/v1/operations/rf-1'))['amount']).toBe('7.00');
    await sandbox.fault({ operation: 'getPayment', kind: 'unknown-status' });
    expect((await sandbox.order(id)).operations).toMatchObject([
      { operationType: 'CAPTURE', status: 'SUCCESS' },
      { operationType: 'REFUND', status: 'UNDER_REVIEW', amount: '300.00' },
    ]);
    expect((await sandbox.order(id)).operations[1]).toMatchObject({ status: 'SUCCESS' });
  });

  it('lets reads lag behind writes', async () => {
    await refund();
    const read = () => sandbox.api('GET', '/v1/operations/rf-1');
    await sandbox.fault({ operation: 'getRefund', kind: 'list-lag', seconds: 60 });
    expect((await read()).status).toBe(404);
    expect((await read()).status).toBe(200);
    await sandbox.mode({ readLagSeconds: 60 });
    expect((await sandbox.order(id)).operations).toEqual([]);
    await sandbox.advance(61);
    expect((await sandbox.order(id)).operations).toHaveLength(2);
  });

  it('tells how long to wait when it limits the rate', async () => {
    await arm('rate-limited', { retryAfterMs: 1_500 });
    expect((await refund()).headers.get('retry-after')).toBe('2');
    await arm('rate-limited', { format: 'html' });
    expect(await refund()).toMatchObject({ status: 429, text: expect.stringMatching(/^<html>/) });
  });

  it('aims at an order, and at an operation by order, external id or id', async () => {
    const { operationId } = operationOf(await refund());
    const other = await sandbox.payment(MUGS);
    for (const reference of [id, 'rf-1', operationId]) {
      await sandbox.fault({ operation: 'getRefund', kind: 'forbidden', reference });
      expect((await sandbox.api('GET', '/v1/operations/rf-1')).status).toBe(403);
    }
    await sandbox.fault({ kind: 'forbidden', reference: other });
    expect((await sandbox.order(id)).order.paymentStatus).toBe('REFUNDED');
    await expect(sandbox.order(other)).rejects.toThrow('403');
  });

  it.each([
    ['cancel', 'cancelPayment'],
    ['rollback', 'cancelPayment'],
    ['capture', 'capturePayment'],
    ['submit', 'capturePayment'],
  ])('aims at %s as %s', async (action, operation) => {
    await sandbox.fault({ operation, kind: 'busy' });
    const reply = await sandbox.api('POST', `/v1/orders/${id}/${action}`, { body: { reason: 'x' } });
    expect(reply).toMatchObject({ status: 409, body: { reasonCode: 'ANOTHER_OPERATION_IN_PROGRESS' } });
  });

  it.each([
    [{ kind: 'processing' }, 'kind'],
    [{ kind: 'key-in-progress' }, 'kind'],
    [{ kind: 'pending', operation: 'getRefund' }, 'operation'],
    [{ kind: 'busy', operation: 'getPayment' }, 'operation'],
    [{ kind: 'list-lag', operation: 'createRefund' }, 'operation'],
    [{ kind: 'list-lag', operation: 'getRefund' }, 'seconds'],
    [{ kind: 'slow', operation: 'listRefunds' }, 'operation'],
    [{ kind: 'key-forgotten', operation: 'cancelPayment' }, 'operation'],
    [{ kind: 'refuse' }, 'code'],
    [{ kind: 'refuse', code: 'failed', operation: 'cancelPayment' }, 'code'],
    [{ kind: 'refuse', code: 'amountExceeds', parameter: 'x' }, 'parameter'],
  ])('refuses %j, naming %s', async (fault, field) => {
    const reply = await sandbox.control('POST', '/control/faults', { provider: 'yandex-pay', ...fault });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
  });

  it('takes every kind that can happen', async () => {
    for (const kind of FAULT_KINDS) {
      if (kind === 'processing' || kind === 'key-in-progress' || kind === 'connect-refused') continue;
      const extra = {
        ...(kind === 'list-lag' && { seconds: 5 }),
        ...(kind === 'refuse' && { code: 'forced' }),
      };
      await sandbox.fault({ kind, ...extra });
    }
    const { body } = await sandbox.control('GET', '/control/faults?provider=yandex-pay');
    expect(body['faults']).toHaveLength(FAULT_KINDS.length - 3);
  });
});
