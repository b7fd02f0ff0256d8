import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { evidenceOfReview } from '../../src/refunds/recovery-step.ts';
import { publicEvidence } from '../../src/resolvers/refund-history.ts';
import { armFault, clearFaults, refundsAre, settleAll } from '../support/rules.ts';
import { ask, codeOf, execute } from '../support/execute.ts';
import type { World } from '../../src/refunds/world.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import { createRefund, mutate, newKey } from './mutating.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('refund_life');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const PAYLOAD = '__typename refund { id status } errors { __typename }';
const act = (name: string, refund: string, more: object = {}) =>
  mutate(
    t,
    `${name}Refund`,
    `${name[0]!.toUpperCase()}${name.slice(1)}RefundInput`,
    { refund, ...more },
    PAYLOAD,
  );
const retry = (id: string, expectedRetries = 0) => act('retry', id, { expectedRetries, waitMs: 10_000 });
const sync = (id: string) => act('sync', id, { waitMs: 10_000 });

async function of<T = Record<string, unknown>>(id: string, fields: string, caller = t.caller()): Promise<T> {
  const source = `query ($id: ID!) { refund(by: { id: $id }) { ${fields} } }`;
  return (await ask<{ refund: T }>(t.world, caller, source, { id })).refund;
}
const actionsOf = async (id: string) =>
  (await of<{ allowedActions: string[] }>(id, 'allowedActions')).allowedActions;

async function failedRefund(paymentId: string): Promise<string> {
  await armFault(t, 'refuse', { code: 'insufficient_funds' });
  const { refund } = await createRefund(t, paymentId, '100.00');
  expect(refund).toMatchObject({ status: 'FAILED' });
  return refund!.id;
}

describe('history', () => {
  interface Event {
    readonly at: string;
    readonly evidence: Record<string, string>;
  }
  const HISTORY = 'history { kind at actor source from to evidence leg { status } }';

  test('tells every step with who and what was concluded from, newest last', async () => {
    await refundsAre(t, 'pending');
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    await settleAll(t, 'succeeded');
    await sync(refund!.id);
    const { history } = await of<{ history: Event[] }>(refund!.id, HISTORY);
    expect(history).toMatchObject([
      {
        kind: 'CREATED',
        actor: 'key:test',
        source: 'API',
        from: null,
        to: 'PENDING',
        evidence: { amountMinor: '10000', currency: 'RUB' },
        leg: null,
      },
      {
        kind: 'MOVED',
        actor: 'system',
        source: 'PROVIDER_ANSWER',
        from: 'PENDING',
        to: 'PENDING',
        evidence: { rawStatus: 'pending', attempt: '1' },
        leg: { status: 'SUCCEEDED' },
      },
      { kind: 'MOVED', source: 'PROVIDER_READ', to: 'SUCCEEDED', evidence: { rawStatus: 'succeeded' } },
    ]);
    expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).toSorted());
  });

  test('shows codes of a refusal, and never the words of the provider', async () => {
    await armFault(t, 'refuse', { code: 'invalid_request', description: 'card 4111 of Ivan Petrov' });
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    expect(refund).toMatchObject({ status: 'FAILED' });
    const { history } = await of<{ history: Event[] }>(refund!.id, HISTORY);
    expect(history.at(-1)!.evidence).toMatchObject({
      httpStatus: '400',
      errorCode: 'invalid_request',
      outcome: 'refused',
    });
    expect(JSON.stringify(history)).not.toMatch(/Petrov|errorDescription/);
  });

  test('of an imported refund begins where it was found', async () => {
    const paymentId = await t.payment('100.00');
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: { value: '30.00', currency: 'RUB' },
    });
    const { payment } = await ask<{ payment: { refunds: { nodes: { history: Event[] }[] } } }>(
      t.world,
      t.caller(),
      `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } }) {
        refunds { nodes { ${HISTORY} } } } }`,
      { id: paymentId },
    );
    expect(payment.refunds.nodes.map(({ history }) => history)).toMatchObject([
      [{ kind: 'IMPORTED', source: 'PROVIDER_READ', from: null, to: 'SUCCEEDED' }],
    ]);
  });

  test('keeps to evidence that is known to be safe', () => {
    const evidence = {
      httpStatus: 400,
      errorDescription: 'words',
      novelty: 'words',
      readable: false,
      code: null,
    };
    expect(publicEvidence(evidence)).toEqual({ httpStatus: '400', readable: 'false' });
  });

  test('has all that a person needs to decide', () => {
    const at = new Date('2026-11-22T12:00:00.000Z');
    const attempt = {
      first_sent_at: at,
      looks: [{ at: at.toISOString(), found: 'absent' as const }],
      sends: 3,
    };
    const evidence = evidenceOfReview(yookassa.recovery, attempt, 'absent after the life of the key');
    expect(Object.keys(publicEvidence(evidence)).toSorted()).toEqual(Object.keys(evidence).toSorted());
  });
});

describe('summary', () => {
  test('is one English sentence, in whatever region English is spoken', async () => {
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    const summary = 'Your refund of 100.00 RUB has been returned.';
    const fields = 'summary a: summary(locale: "en") b: summary(locale: "en-GB") c: summary(locale: null)';
    expect(await of(refund!.id, fields)).toEqual({ summary, a: summary, b: summary, c: summary });
  });

  test.each(['ru', 'english', '', 'de-en'])('does not pretend to speak %j', async (locale) => {
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    const { errors } = await execute(
      t.world,
      t.caller(),
      'query ($id: ID!, $locale: String!) { refund(by: { id: $id }) { summary(locale: $locale) } }',
      { id: refund!.id, locale },
    );
    expect(codeOf(errors[0])).toBe('BAD_USER_INPUT');
    expect(errors[0]!.extensions['path']).toEqual(['locale']);
  });
});

describe('expected arrival', () => {
  const FIELDS = 'status createdAt finalizedAt expectedArrival { from to }';
  interface Arrival {
    readonly createdAt: string;
    readonly finalizedAt: string | null;
    readonly expectedArrival: { readonly from: string; readonly to: string } | null;
  }
  /** The same service for an operator who gave figures. */
  const withFigures = (): World => ({
    ...t.world,
    connections: {
      ...t.world.connections,
      find: (id) => {
        const connection = t.world.connections.find(id);
        return connection && { ...connection, arrivalDays: { min: 1, max: 3 } };
      },
    },
  });
  const arrivalOf = async (id: string, world: World) => {
    const source = `query ($id: ID!) { refund(by: { id: $id }) { ${FIELDS} } }`;
    return (await ask<{ refund: Arrival }>(world, t.caller(), source, { id })).refund;
  };
  const daysAfter = (instant: string, days: number) =>
    new Date(Date.parse(instant) + days * 86_400_000).toISOString();

  test('counts by the figures of the account, while pending and when returned; without figures it is null', async () => {
    await refundsAre(t, 'pending');
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    const pending = await arrivalOf(refund!.id, withFigures());
    expect(pending).toMatchObject({
      status: 'PENDING',
      expectedArrival: { from: daysAfter(pending.createdAt, 1), to: daysAfter(pending.createdAt, 3) },
    });
    expect(await arrivalOf(refund!.id, t.world)).toMatchObject({ expectedArrival: null });
    await settleAll(t, 'succeeded');
    await sync(refund!.id);
    const returned = await arrivalOf(refund!.id, withFigures());
    expect(returned).toMatchObject({
      status: 'SUCCEEDED',
      expectedArrival: { from: daysAfter(returned.finalizedAt!, 1), to: daysAfter(returned.finalizedAt!, 3) },
    });
  });

  test('is null for a refund that failed', async () => {
    const id = await failedRefund(await t.payment('100.00'));
    expect(await arrivalOf(id, withFigures())).toMatchObject({ status: 'FAILED', expectedArrival: null });
  });
});

describe('allowed actions of a refund are what its mutations take', () => {
  test('when it succeeded', async () => {
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    expect(await actionsOf(refund!.id)).toEqual(['SYNC']);
    expect((await sync(refund!.id)).errors).toEqual([]);
    expect((await act('cancel', refund!.id)).errors).toMatchObject([{ __typename: 'NotCancelable' }]);
    expect((await retry(refund!.id)).errors).toMatchObject([{ __typename: 'NotRetryable' }]);
  });

  test('when it waits', async () => {
    await armFault(t, 'rate-limited');
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    expect(await actionsOf(refund!.id)).toEqual(['CANCEL', 'SYNC']);
    expect((await act('cancel', refund!.id)).errors).toEqual([]);
    expect(await actionsOf(refund!.id)).toEqual(['SYNC']);
  });

  test('when it failed', async () => {
    const id = await failedRefund(await t.payment('100.00'));
    expect(await actionsOf(id)).toEqual(['RETRY', 'SYNC']);
    expect((await retry(id)).errors).toEqual([]);
    expect(await actionsOf(id)).toEqual(['SYNC']);
  });

  test('when its answer was lost, and when its key is forgotten', async () => {
    await armFault(t, 'lost-before-effect');
    const { refund } = await createRefund(t, await t.payment('100.00'), '100.00');
    const { id } = refund!;
    const resolve = async () => {
      const { version } = await of<{ version: number }>(id, 'version');
      const verdict = { notReturned: {} };
      return act('resolve', id, { expectedVersion: version, verdict, evidence: 'Seen.' });
    };
    expect(await actionsOf(id)).toEqual(['SYNC']);
    expect((await resolve()).errors).toMatchObject([{ __typename: 'NotResolvable' }]);
    await t.advance(24 * 3_600);
    expect(await actionsOf(id)).toEqual(['SYNC', 'RESOLVE']);
    expect((await resolve()).errors).toEqual([]);
    expect(await actionsOf(id)).toEqual(['RETRY', 'SYNC']);
  });

  test('when it failed and its money is gone', async () => {
    const paymentId = await t.payment('100.00');
    const id = await failedRefund(paymentId);
    await createRefund(t, paymentId, '50.00');
    expect(await actionsOf(id)).toEqual(['SYNC']);
    expect((await retry(id)).errors).toMatchObject([{ __typename: 'AmountExceedsRefundable' }]);
  });

  test('when it failed and another one took its place', async () => {
    const paymentId = await t.payment('300.00');
    const id = await failedRefund(paymentId);
    const { refund, errors } = await createRefund(t, paymentId, '100.00', { replaces: id });
    expect(errors).toEqual([]);
    expect(await of(refund!.id, 'replaces { id status }')).toEqual({ replaces: { id, status: 'FAILED' } });
    expect(await of(id, 'replaces { id } allowedActions')).toEqual({
      replaces: null,
      allowedActions: ['SYNC'],
    });
    expect((await retry(id)).errors).toMatchObject([{ __typename: 'NotRetryable' }]);
  });

  test('none for a key that may only read', async () => {
    const paymentId = await t.payment('100.00');
    const id = await failedRefund(paymentId);
    const caller = t.caller();
    const reader = { ...caller, viewer: { ...caller.viewer, scopes: new Set(['read'] as const) } };
    expect(await of(id, 'allowedActions payment { allowedActions }', reader)).toEqual({
      allowedActions: [],
      payment: { allowedActions: [] },
    });
  });
});

describe('refundability and allowed actions of a payment', () => {
  const FIELDS = `refundability { state maximum { value currency } minimum { value } until reasons }
    allowedActions refundable { value }`;
  const look = async (paymentId: string) =>
    (
      await ask<{ payment: Record<string, unknown> }>(
        t.world,
        t.caller(),
        `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } }, maxAgeSeconds: 0) {
          ${FIELDS} } }`,
        { id: paymentId },
      )
    ).payment;

  test('while something is left, and when nothing is', async () => {
    const paymentId = await t.payment('100.00');
    expect(await look(paymentId)).toMatchObject({
      refundability: {
        state: 'AVAILABLE',
        maximum: { value: '100.00', currency: 'RUB' },
        minimum: { value: '0.01' },
        until: expect.stringMatching(/^\d{4}-/) as string,
        reasons: [],
      },
      allowedActions: ['REFUND'],
    });
    await createRefund(t, paymentId, '40.00');
    expect(await look(paymentId)).toMatchObject({
      refundability: { maximum: { value: '60.00' }, reasons: ['40.00 RUB was refunded already.'] },
    });
    await createRefund(t, paymentId, '60.00');
    expect(await look(paymentId)).toMatchObject({
      refundability: { state: 'NOTHING_LEFT', maximum: { value: '0.00' }, minimum: { value: '0.00' } },
      allowedActions: [],
    });
  });

  test('of a hold: it can be released and not refunded; while that is unclear, neither', async () => {
    const paymentId = await t.payment('100.00', { status: 'authorized' });
    expect(await look(paymentId)).toMatchObject({
      refundability: { state: 'NOT_CAPTURED' },
      allowedActions: ['CANCEL'],
    });
    await armFault(t, 'lost-before-effect', { operation: 'cancelPayment', times: 20 });
    const input = {
      payment: { provider: { account: 'yookassa-demo', paymentId } },
      reason: 'OTHER',
      idempotencyKey: newKey(),
      waitMs: 3_000,
    };
    const cancel = () =>
      mutate(t, 'cancelPayment', 'CancelPaymentInput', input, 'outcome errors { __typename }');
    expect(await cancel()).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await look(paymentId)).toMatchObject({ allowedActions: [] });
    await clearFaults(t);
    expect(await cancel()).toMatchObject({ outcome: 'VOIDED' });
    expect(await look(paymentId)).toMatchObject({ allowedActions: [] });
  });
});
