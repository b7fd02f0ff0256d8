import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from 'kysely';
import { refreshAccountHealth } from '../../src/refunds/account-health.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';

/**
 * The credentials, keys and personal data of these calls are canaries: whatever goes wrong, none of them may
 * come out of the service again, in a log line, an answer or a stored event (rule 12, I10).
 */
const note = 'canary-note-5d1e0f7a';
const receiptEmail = 'canary-buyer@example.com';
const canaries = {
  'secret key': 'test_demo_yookassa_secret_key',
  'basic authorization': Buffer.from('100500:test_demo_yookassa_secret_key').toString('base64'),
  'client secret': 's3cr3t-Part/ner',
  'basic authorization of a partner': Buffer.from('PartnerClient01:s3cr3t-Part/ner').toString('base64'),
  'first password': 'pass1-secret',
  'second password': 'pass2-secret',
  'third password': 'pass3-secret',
  'start of a JWT': 'eyJhbGciOiJIUzI1NiIs',
  "Stripe's key": 'sk_test_SimStripeDemo000000000001',
  "Stripe's webhook secret": 'whsec_SimStripeDemo000000000001',
  "Razorpay's webhook secret": 'whsec-curlec-test-1',
  'API key': 'rf_test_demo',
  'card number': '555555',
  'provider description': 'canary-description-9c1b2f',
  note,
  receiptEmail,
};
const callersOwn = new Set<string>([note]);
/** An operator may read in an event how a provider explained its refusal; a log line never has it. */
const keptForOperators = new Set<string>([canaries['provider description']]);

let service: TestService;
let answers = '';
beforeAll(async () => {
  service = await createTestService('canaries');
});
afterAll(() => service.close());

const say = async (query: string, variables?: Record<string, unknown>): Promise<void> => {
  answers += JSON.stringify(await service.graphql(query, variables));
};

/** Without the figures, which may be equal to anything. */
async function labelsOfMetrics(): Promise<string> {
  const page = await (await fetch(`${service.app.url}/metrics`)).text();
  expect(page).toMatch(/sends_total\{account="yookassa-demo",outcome="deferred"\} [1-9]/);
  return page.replaceAll(/ \S+$/gm, '');
}

test('no canary comes out, whatever fails', async () => {
  await service.control('mode', {
    provider: 'yookassa',
    texts: { forced: canaries['provider description'], invalidCredentials: canaries['provider description'] },
  });
  const faults = [
    {},
    { kind: 'lost-after-effect' },
    { kind: 'error-after-effect' },
    { kind: 'garbage' },
    { kind: 'cut-body' },
    { kind: 'rate-limited' },
    { kind: 'refuse', code: 'invalid_request' },
    { kind: 'refuse', code: 'insufficient_funds' },
    { kind: 'key-conflict' },
    { kind: 'wrong-amount' },
    { kind: 'unknown-status' },
    { kind: 'unauthorized' },
  ];
  for (const fault of faults) {
    const paymentId = await service.payment('1500.00');
    if ('kind' in fault)
      await service.control('faults', { provider: 'yookassa', operation: 'createRefund', ...fault });
    const input = refundInput(paymentId, '400.00', {
      note,
      waitMs: 3_000,
      receipt: {
        customer: { email: receiptEmail },
        items: [
          { description: 'Mug', quantity: '2', unitPrice: { value: '200.00', currency: 'RUB' }, vatCode: 2 },
        ],
      },
    });
    await say(createRefundMutation, { input });
    await service.control('faults', undefined, 'DELETE');
    await say(
      'query ($key: IdempotencyKey!) { refund(by: { idempotencyKey: $key }) { id status legs { failure { message providerCode } } } }',
      {
        key: input['idempotencyKey'],
      },
    );
  }
  const description = canaries['provider description'];
  for (const fault of [
    {},
    { kind: 'lost-after-effect' },
    { kind: 'garbage' },
    { kind: 'refuse', code: 'balance', description },
    { kind: 'refuse', code: 'failed' },
    { kind: 'unauthorized', description },
  ]) {
    const paymentId = await service.payment('1500.00', {
      provider: 'razorpay',
      amount: { value: '1500.00', currency: 'MYR' },
    });
    if ('kind' in fault)
      await service.control('faults', { provider: 'razorpay', operation: 'createRefund', ...fault });
    const input = refundInput(paymentId, '400.00', {
      payment: { provider: { account: 'razorpay-demo', paymentId } },
      amount: { money: { value: '400.00', currency: 'MYR' } },
      note,
      waitMs: 3_000,
    });
    await say(createRefundMutation, { input });
    await service.control('faults', undefined, 'DELETE');
  }
  expect(answers).toContain('MYR');
  for (const fault of [
    {},
    { kind: 'lost-after-effect' },
    { kind: 'garbage', format: 'hollow' },
    { kind: 'refuse', code: 'Declined', description },
    { kind: 'unauthorized', description },
  ]) {
    const paymentId = await service.payment('1500.00', { provider: 'robokassa' });
    if ('kind' in fault)
      await service.control('faults', { provider: 'robokassa', operation: 'createRefund', ...fault });
    const input = refundInput(paymentId, '400.00', {
      payment: { provider: { account: 'robokassa-demo', paymentId } },
      note,
      waitMs: 3_000,
    });
    await say(createRefundMutation, { input });
    await service.control('faults', undefined, 'DELETE');
  }
  expect(answers).toContain('MANUAL_REVIEW');
  for (const fault of [
    {},
    { kind: 'lost-after-effect' },
    { kind: 'garbage' },
    { kind: 'refuse', code: 'charge_disputed', description },
    { kind: 'refuse', code: 'declined' },
    { kind: 'unauthorized', description: `No such key: ${canaries["Stripe's key"]}` },
  ]) {
    const paymentId = await service.payment('150.00', {
      provider: 'stripe',
      amount: { value: '150.00', currency: 'USD' },
    });
    if ('kind' in fault)
      await service.control('faults', { provider: 'stripe', operation: 'createRefund', ...fault });
    const input = refundInput(paymentId, '40.00', {
      payment: { provider: { account: 'stripe-demo', paymentId } },
      amount: { money: { value: '40.00', currency: 'USD' } },
      note,
      waitMs: 3_000,
    });
    await say(createRefundMutation, { input });
    await service.control('faults', undefined, 'DELETE');
  }
  expect(answers).toContain('USD');
  await say(createRefundMutation, {
    input: { ...refundInput('x', '1.00'), note, amount: { money: { value: 1, currency: note } } },
  });
  await say(`{ ${note} }`);
  await sql`ALTER TABLE events RENAME TO events_away`.execute(service.database.db);
  await say(createRefundMutation, { input: refundInput(await service.payment('1500.00'), '1.00', { note }) });
  await sql`ALTER TABLE events_away RENAME TO events`.execute(service.database.db);

  const events = JSON.stringify(
    await service.database.db.selectFrom('events').select(['evidence', 'kind', 'actor']).execute(),
  );
  const metrics = await labelsOfMetrics();
  const logs = service.logged();
  expect(logs).toContain('provider call');
  expect(logs).toContain('INTERNAL_SERVER_ERROR');
  for (const [name, canary] of Object.entries(canaries)) {
    expect(logs, `${name} in a log line`).not.toContain(canary);
    expect(metrics, `${name} in a metric`).not.toContain(canary);
    if (!keptForOperators.has(canary)) expect(events, `${name} in an event`).not.toContain(canary);
    // A caller may be told what it sent, such as the name of a field that does not exist.
    if (!callersOwn.has(canary)) expect(answers, `${name} in an answer`).not.toContain(canary);
  }
});

test('every provider call is logged with what it belongs to', async () => {
  // Refused credentials have paused it.
  await service.database.db.updateTable('accounts').set({ health: 'OK' }).execute();
  await refreshAccountHealth(service.app.world);
  const paymentId = await service.payment('1500.00');
  const { data } = await service.graphql<{ createRefund: { refund: { id: string } } }>(createRefundMutation, {
    input: refundInput(paymentId, '400.00'),
  });
  const refundId = Buffer.from(data.createRefund.refund.id, 'base64').toString().split(':')[1];
  const calls = service
    .logged()
    .split('\n')
    .filter((line) => line.includes('provider call'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(calls.at(-1)).toMatchObject({
    account: 'yookassa-demo',
    merchant: 'demo',
    refundId,
    requestId: expect.any(String),
    method: 'POST',
    path: '/refunds',
    status: 200,
    durationMs: expect.any(Number),
  });
});
