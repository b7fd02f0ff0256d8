import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, codeOf, execute } from '../support/execute.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('payment_query');
});
afterAll(() => t.close());
beforeEach(() => t.control('faults', undefined, 'DELETE'));

describe('a payment that was never seen', () => {
  const byProvider = (paymentId: string) =>
    `payment(by: { provider: { account: "yookassa-demo", paymentId: "${paymentId}" } }, waitMs: 10000) { status amount { value } refundable { value } sources { seller captured { value } } }`;

  test('is fetched with its amounts and its one source', async () => {
    const paymentId = await t.payment('250.50');
    const data = await ask(t.world, t.caller(), `{ ${byProvider(paymentId)} }`);
    expect(data).toEqual({
      payment: {
        status: 'CAPTURED',
        amount: { value: '250.50' },
        refundable: { value: '250.50' },
        sources: [{ seller: 'yookassa-demo', captured: { value: '250.50' } }],
      },
    });
  });

  test('is null when the provider does not know it', async () => {
    const { data, errors } = await execute(
      t.world,
      t.caller(),
      `{ ${byProvider('2a000000-000f-5000-8000-000000000000')} }`,
    );
    expect({ data, errors }).toEqual({ data: { payment: null }, errors: [] });
  });

  test('is null with PROVIDER_UNAVAILABLE when the provider cannot be asked; other fields are answered', async () => {
    const paymentId = await t.payment('10.00');
    await t.control('faults', { provider: 'yookassa', operation: '*', kind: 'connect-refused', times: 1000 });
    const { data, errors } = await execute<Record<string, unknown>>(
      t.world,
      t.caller(),
      `{ viewer { keyName } ${byProvider(paymentId)} }`,
    );
    expect(data).toEqual({ viewer: { keyName: 'test' }, payment: null });
    expect(errors.map(codeOf)).toEqual(['PROVIDER_UNAVAILABLE']);
    expect(errors[0]?.path).toEqual(['payment']);
  });

  test('is fetched for at most 5 fields of one operation; seen ones are not counted', async () => {
    const seen = await t.payment('1.00');
    await ask(t.world, t.caller(), `{ ${byProvider(seen)} }`);
    const unseen: string[] = [];
    for (let index = 0; index < 7; index += 1) unseen.push(await t.payment('1.00'));
    const fields = [seen, ...unseen].map((id, index) => `p${index}: ${byProvider(id)}`);
    const { data, errors } = await execute<Record<string, unknown>>(
      t.world,
      t.caller(),
      `{ ${fields.join(' ')} }`,
    );
    expect(data['p0']).not.toBeNull();
    expect(Object.values(data).filter((value) => value !== null)).toHaveLength(6);
    expect(errors.map(codeOf)).toEqual(['LIMIT_EXCEEDED', 'LIMIT_EXCEEDED']);
  });
});

describe('wrong limits of a look', () => {
  test.each([
    ['maxAgeSeconds', '{ refunds(maxAgeSeconds: -1) { nodes { id } } }'],
    ['maxAgeSeconds', '{ refund(by: { reference: "x" }, maxAgeSeconds: 86401) { id } }'],
    ['waitMs', '{ refunds(waitMs: 10001) { nodes { id } } }'],
    ['waitMs', '{ payment(by: { id: "x" }, waitMs: -1) { id } }'],
  ])('%s is named: %s', async (name, source) => {
    const { errors } = await execute(t.world, t.caller(), source);
    expect(errors.map(codeOf)).toEqual(['BAD_USER_INPUT']);
    expect(errors[0]?.extensions['path']).toEqual([name]);
  });
});
