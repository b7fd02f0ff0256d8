import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { ask } from '../support/execute.ts';
import { pass } from '../support/engine.ts';
import { armRobokassa, refundAtRobokassa, robokassaMode, robokassaPayment } from '../support/robokassa.ts';
import { clearFaults, refundCommand, refundRow, valueOf } from '../support/rules.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import type { RefundId } from '../../src/ids.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';

/**
 * At RoboKassa whoever knows the id of a refund can read it there, so that the ids are canaries: the database has
 * them, and no answer, history or log line does.
 */
let t: TestWorld;
let logged = '';
beforeAll(async () => {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  t = await createTestWorld('hidden_refund_ids', createLog({ level: 'trace', destination }));
});
afterAll(() => t.close());
beforeEach(async () => {
  logged = '';
  await clearFaults(t);
  await robokassaMode(t, { refunds: 'instant', visibleAfterSeconds: 0 });
});

const everything = `{
  status legs { providerRefundId failure { message providerCode } }
  traceReferences { kind value availability }
  failure { message } note
  history { kind evidence leg { providerRefundId } }
}`;

const show = async (id: RefundId, maxAgeSeconds?: number): Promise<string> =>
  JSON.stringify(
    await ask(
      t.world,
      t.caller(),
      `query ($id: ID!, $age: Int) { refund(by: { id: $id }, maxAgeSeconds: $age, waitMs: 5000) ${everything} }`,
      { id: encodeGlobalId('Refund', id), age: maxAgeSeconds },
    ),
  );

const find = (account: string, refundId: string) =>
  ask<{ refund: object | null }>(
    t.world,
    t.caller(),
    `query ($account: String!, $refundId: String!) { refund(by: { provider: { account: $account, refundId: $refundId } }) { status } }`,
    { account, refundId },
  );

const idOf = async (refundId: RefundId): Promise<string> => {
  const [leg] = (await refundRow(t, refundId)).legs;
  expect(leg?.provider_refund_id, 'in the database').toMatch(/^[0-9a-f-]{36}$/);
  return leg!.provider_refund_id!;
};

/** Nowhere, in either case. */
function expectHidden(canary: string, ...texts: string[]): void {
  for (const text of [...texts, logged]) expect(text.toLowerCase()).not.toContain(canary.toLowerCase());
}

test('of a refund that succeeded', async () => {
  const { id } = await refundAtRobokassa(t, await robokassaPayment(t, '1500.00'), 40_000n);
  const shown = await show(id, 0);
  expect(shown).toContain('"status":"SUCCEEDED"');
  expect(shown).toContain('"providerRefundId":null');
  expect(shown, 'of the history').toContain('"rawStatus":"finished"');
  expect(logged, 'of the calls').toContain('/Refund/GetState?id');
  expectHidden(await idOf(id), shown);
});

test('which nothing is found by', async () => {
  const { id } = await refundAtRobokassa(t, await robokassaPayment(t, '1500.00'), 40_000n);
  expect(await find('robokassa-demo', await idOf(id))).toEqual({ refund: null });
});

test('which is not told by the alert that it has vanished', async () => {
  await robokassaMode(t, { visibleAfterSeconds: 3_600 });
  const { id } = await refundAtRobokassa(t, await robokassaPayment(t, '1500.00'), 40_000n);
  await pass(t, t.world, 61);
  expect(logged).toContain('PROVIDER_REFUND_VANISHED');
  expectHidden(await idOf(id), await show(id));
});

test('which is not told by a refund of another amount, or by what may be said of it', async () => {
  const { id } = await refundAtRobokassa(t, await robokassaPayment(t, '1500.00'), 40_000n);
  await armRobokassa(t, 'wrong-amount', { operation: 'getRefund' });
  const shown = await show(id, 0);
  expect(shown).toContain('"status":"MANUAL_REVIEW"');
  const { version } = await refundRow(t, id);
  const answer = await ask(
    t.world,
    t.caller(),
    `mutation ($input: ResolveRefundInput!) { resolveRefund(input: $input) { errors { message path code } } }`,
    {
      input: {
        refund: encodeGlobalId('Refund', id),
        expectedVersion: version,
        evidence: 'none',
        verdict: { returned: { amount: { value: '1.00', currency: 'RUB' }, providerRefundId: 'another' } },
      },
    },
  );
  expect(JSON.stringify(answer)).toContain('providerRefundId');
  expectHidden(await idOf(id), shown, JSON.stringify(answer));
});

test('which a person has named, also where it stands in their own words', async () => {
  const paymentId = await robokassaPayment(t, '1500.00');
  await armRobokassa(t, 'lost-after-effect');
  const { id } = await refundAtRobokassa(t, paymentId, 40_000n);
  await t.advance(3_600);
  const [made] = (await t.ledgerOf(paymentId)).refunds;
  const requestId = made!.id;
  const input = {
    refund: encodeGlobalId('Refund', id),
    expectedVersion: (await refundRow(t, id)).version,
    evidence: `The cabinet shows ${requestId.toUpperCase()} as finished.`,
    verdict: { returned: { amount: { value: '400.00', currency: 'RUB' }, providerRefundId: requestId } },
  };
  const answer = await ask(
    t.world,
    t.caller(),
    `mutation ($input: ResolveRefundInput!) { resolveRefund(input: $input) { refund ${everything} errors { message } } }`,
    { input },
  );
  const shown = JSON.stringify(answer);
  expect(shown).toContain('"status":"SUCCEEDED"');
  expect(shown).toContain('The cabinet shows [hidden] as finished.');
  expect(await idOf(id)).toBe(requestId);
  expectHidden(requestId, shown);
});

test('while the ids of other providers are shown and found', async () => {
  const paymentId = await t.payment('1500.00');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  const [leg] = (await refundRow(t, refundId)).legs;
  const shown = await show(refundId);
  expect(shown.split(leg!.provider_refund_id!).length - 1, 'of the leg and of the history').toBeGreaterThan(
    2,
  );
  expect(await find('yookassa-demo', leg!.provider_refund_id!)).toEqual({ refund: { status: 'SUCCEEDED' } });
});

test('also of an account that has left the configuration', async () => {
  const { id } = await refundAtRobokassa(t, await robokassaPayment(t, '1500.00'), 40_000n);
  const canary = await idOf(id);
  const world = await t.replica();
  const without = {
    ...world,
    connections: {
      adapters: () => world.connections.adapters(),
      all: () => [],
      find: () => undefined,
      findByCode: () => undefined,
    },
  };
  const answer = await ask(
    without,
    t.caller(),
    `query ($id: ID!) { refund(by: { id: $id }) ${everything} }`,
    { id: encodeGlobalId('Refund', id) },
  );
  expect(JSON.stringify(answer)).toContain('"providerRefundId":null');
  expectHidden(canary, JSON.stringify(answer));
});
