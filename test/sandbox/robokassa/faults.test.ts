import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../sandbox/faults.ts';
import { type Json, rub } from '../harness.ts';
import { LOGIN, resultOf, type RobokassaHarness, startRobokassa, stateOf, textOf } from './harness.ts';

const IMPOSSIBLE = ['busy', 'processing', 'key-in-progress', 'key-conflict', 'key-forgotten'];
const PATIENT = { timeout: 10_000 };

describe('robokassa faults', () => {
  let sandbox: RobokassaHarness;
  let id: string;
  let opKey: string;
  beforeEach(async () => {
    sandbox = await startRobokassa();
    id = await sandbox.payment();
    opKey = await sandbox.opKey(id);
  });
  afterEach(() => sandbox.close());

  const refund = () => sandbox.create({ OpKey: opKey, RefundSum: 400 });
  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const arm = (kind: string, options: Json = {}) =>
    sandbox.fault({ operation: 'createRefund', kind, ...options });

  it.each([
    ['lost-after-effect', 1],
    ['lost-before-effect', 0],
    ['cut-body', 1],
  ])('%s breaks the connection', async (kind, executed) => {
    await arm(kind);
    await expect(refund()).rejects.toThrow();
    expect(await refundCount()).toBe(executed);
    expect((await refund()).status).toBe(200);
    expect(await refundCount()).toBe(executed + 1);
  });

  it.each([
    ['error-after-effect', { status: 502 }, 502, /html/, /<h1>/, 1],
    ['error-after-effect', {}, 500, /html/, /Server Error/, 1],
    ['error-before-effect', { status: 503, description: 'Down' }, 503, /html/, /Down/, 0],
    ['garbage', { format: 'empty' }, 200, /plain/, /^$/, 1],
    ['garbage', { format: 'html', effect: false }, 200, /html/, /<html>/, 0],
    ['garbage', { format: 'hollow' }, 200, /json/, /^\{"success":true,"message":null,"requestId":null\}$/, 1],
    [
      'garbage',
      { format: 'hollow', effect: false },
      200,
      /json/,
      /^\{"success":true,"message":null,"requestId":null\}$/,
      0,
    ],
    ['rate-limited', {}, 429, /plain/, /Too many requests/, 0],
    ['rate-limited', { format: 'html' }, 429, /html/, /<html>/, 0],
    ['unauthorized', {}, 401, /json/, /Signature key is not exists"/, 0],
    ['forbidden', {}, 403, /html/, /Forbidden/, 0],
    ['refuse', { code: 'AlreadyRefunded' }, 200, /json/, /"success":false,"message":"AlreadyRefunded"/, 0],
    ['refuse', { code: 'x', description: 'No way', status: 400 }, 400, /json/, /"message":"No way"/, 0],
  ])('%s %j answers %i', async (kind, options, status, type, text, executed) => {
    await arm(kind, options);
    const reply = await refund();
    expect([reply.status, reply.text]).toEqual([status, expect.stringMatching(text)]);
    expect(reply.headers.get('content-type')).toMatch(type);
    expect(await refundCount()).toBe(executed);
    const { body } = await sandbox.control('GET', '/control/requests?provider=robokassa');
    const last = (body['requests'] as Json[]).at(-1);
    expect(last).toMatchObject({ operation: 'createRefund', effect: executed === 1, fault: kind });
  });

  it('slow answers rightly, later', async () => {
    await arm('slow', { ms: 2_000 });
    const answered = refund();
    await expect.poll(refundCount, PATIENT).toBe(1);
    expect(await Promise.race([answered, Promise.resolve('waiting')])).toBe('waiting');
    expect((await answered).body['success']).toBe(true);
  });

  it('hang never answers, and executes unless told otherwise', async () => {
    for (const [effect, executed] of [
      [false, 0],
      [true, 1],
    ] as const) {
      await arm('hang', { effect });
      const answered = refund().catch(() => 'cut by the end of the test');
      const hung = async () =>
        ((await sandbox.control('GET', '/control/requests')).body['requests'] as Json[]).filter(
          ({ fault }) => fault === 'hang',
        ).length;
      await expect.poll(hung, PATIENT).toBe(executed + 1);
      await expect.poll(refundCount, PATIENT).toBe(executed);
      expect(await Promise.race([answered, Promise.resolve('waiting')])).toBe('waiting');
    }
  });

  it('pending makes one refund wait', async () => {
    await arm('pending');
    const { body } = await refund();
    expect((await sandbox.refundState(body['requestId'])).body['label']).toBe('processing');
    expect((await sandbox.refundState((await refund()).body['requestId'])).body['label']).toBe('finished');
  });

  it('list-lag hides a young refund from GetState', async () => {
    const { body } = await refund();
    await sandbox.fault({ operation: 'getRefund', kind: 'list-lag', seconds: 60 });
    expect((await sandbox.refundState(body['requestId'])).status).toBe(400);
    expect((await sandbox.refundState(body['requestId'])).status).toBe(200);
  });

  it('wrong-amount and unknown-status lie in the answer, not in the books', async () => {
    const { requestId } = (await refund()).body;
    await sandbox.fault({ operation: 'getRefund', kind: 'wrong-amount' });
    expect((await sandbox.refundState(requestId)).text).toContain('"amount": 401.000000');
    await sandbox.fault({ operation: 'getRefund', kind: 'wrong-amount', amount: rub('7.00') });
    expect((await sandbox.refundState(requestId)).text).toContain('"amount": 7.000000');
    await sandbox.fault({ operation: 'getRefund', kind: 'unknown-status', word: 'queued' });
    expect((await sandbox.refundState(requestId)).body['label']).toBe('queued');
    await sandbox.fault({ operation: 'getPayment', kind: 'wrong-amount', amount: rub('7.00') });
    expect(textOf(await sandbox.state(id), 'OutSum')).toBe('7.000000');
    await sandbox.fault({ operation: 'getPayment', kind: 'unknown-status' });
    expect(stateOf(await sandbox.state(id))).toBe('70');
    expect(await sandbox.ledger(id)).toMatchObject({
      capturedMinor: '150000',
      refunds: [{ amountMinor: '40000', status: 'finished' }],
    });
  });

  it('gives Retry-After when it is told to', async () => {
    await sandbox.fault({ operation: 'getPayment', kind: 'rate-limited', retryAfterMs: 1_500 });
    const { status, headers } = await sandbox.state(id);
    expect([status, headers.get('retry-after')]).toEqual([429, '2']);
  });

  it('unauthorized speaks the language of every call', async () => {
    const held = await sandbox.payment({ status: 'authorized' });
    await sandbox.fault({ operation: 'getPayment', kind: 'unauthorized' });
    expect(resultOf(await sandbox.state(id))).toBe('1');
    const form = { MerchantLogin: LOGIN, InvoiceID: held };
    await sandbox.fault({ operation: 'cancelPayment', kind: 'unauthorized' });
    expect((await sandbox.hold('Cancel', form, ['', held])).text).toBe('SignatureValue is wrong');
    await sandbox.fault({ operation: 'cancelPayment', kind: 'lost-after-effect' });
    await expect(sandbox.hold('Cancel', form, ['', held])).rejects.toThrow();
    expect((await sandbox.ledger(held)).status).toBe('60');
  });

  it('connect-refused closes both hosts and no other provider', async () => {
    await arm('connect-refused');
    await expect(refund()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await expect(sandbox.state(id)).rejects.toThrow();
    expect((await fetch(`${sandbox.yookassaUrl}/me`)).status).toBe(401);
    await sandbox.control('DELETE', '/control/faults', { provider: 'robokassa' });
    expect((await refund()).status).toBe(200);
  });

  it('aims at an operation and at a payment, by invoice, OpKey or request id', async () => {
    const other = await sandbox.payment();
    const { requestId } = (await refund()).body;
    const limited = (operation: string, reference: unknown) =>
      sandbox.fault({ operation, kind: 'rate-limited', reference });
    await limited('createRefund', opKey);
    expect((await sandbox.refund(other, 1)).status).toBe(200);
    expect((await refund()).status).toBe(429);
    await limited('getRefund', id);
    await limited('getRefund', requestId);
    expect((await sandbox.refundState(requestId)).status).toBe(429);
    expect((await sandbox.refundState(requestId)).status).toBe(429);
    expect((await sandbox.refundState(requestId)).status).toBe(200);
    await limited('getPayment', id);
    expect((await sandbox.state(other)).status).toBe(200);
    expect((await sandbox.state(id)).status).toBe(429);
  });

  it.each([
    ...IMPOSSIBLE.map((kind): [Json, string] => [{ kind, operation: 'createRefund' }, 'kind']),
    [{ kind: 'hang', operation: 'listRefunds' }, 'operation'],
    [{ kind: 'list-lag', operation: 'createRefund', seconds: 1 }, 'operation'],
    [{ kind: 'list-lag', operation: 'getRefund' }, 'seconds'],
    [{ kind: 'unauthorized', operation: 'getRefund' }, 'operation'],
    [{ kind: 'wrong-amount', operation: 'createRefund' }, 'operation'],
    [{ kind: 'refuse', operation: 'createRefund' }, 'code'],
    [{ kind: 'refuse', operation: 'getPayment', code: 'nonsense' }, 'code'],
    [{ kind: 'refuse', operation: 'cancelPayment', code: 'x' }, 'operation'],
  ])('refuses to arm %j because of %s', async (input, field) => {
    const reply = await sandbox.control('POST', '/control/faults', { provider: 'robokassa', ...input });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await sandbox.control('GET', '/control/faults')).body['faults']).toEqual([]);
  });

  it('can arm every other kind', async () => {
    const needs: Record<string, Json> = {
      refuse: { code: 'x', operation: 'createRefund' },
      'list-lag': { seconds: 1 },
    };
    const kinds = FAULT_KINDS.filter((kind) => !IMPOSSIBLE.includes(kind));
    for (const kind of kinds) await sandbox.fault({ kind, ...needs[kind] });
    expect((await sandbox.control('DELETE', '/control/faults')).body).toEqual({ cleared: kinds.length });
  });
});
