import { afterEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';

let service: TestService;
afterEach(() => service.close());

const scrape = async (url = service.app.url): Promise<string> => (await fetch(`${url}/metrics`)).text();
const create = (paymentId: string, more: Record<string, unknown> = {}) =>
  service.graphql(createRefundMutation, { input: refundInput(paymentId, '100.00', more) });

test('a refund is seen in the metrics: its request, its calls, its send, and the leg that stays open', async () => {
  service = await createTestService('metrics');
  await service.control('mode', { provider: 'yookassa', refunds: 'pending' });
  const paymentId = await service.payment('1500.00');
  await create(paymentId);
  await expect.poll(() => scrape()).toContain('graphql_requests_total{type="mutation",outcome="ok"} 1\n');
  const page = await scrape();
  for (const line of [
    'sends_total{account="yookassa-demo",outcome="accepted"} 1',
    'provider_calls_total{account="yookassa-demo",provider="yookassa",kind="send",result="ok"} 1',
    'provider_call_duration_seconds_count{account="yookassa-demo",kind="send",result="ok"} 1',
    'open_legs{account="yookassa-demo",status="PENDING"} 1',
    'open_legs{account="yookassa-other",status="PENDING"} 0',
    'account_paused{account="yookassa-demo"} 0',
    'circuit_open{account="razorpay-demo"} 0',
    'graphql_requests_total{type="mutation",outcome="ok"} 1',
    'alerts_total{code="ACCOUNT_CREDENTIALS_REFUSED"} 0',
    'database_answers 1',
  ])
    expect(page).toContain(`\nrefund_federation_${line}\n`);
  expect(page).toMatch(/refund_federation_db_pool\{state="total"\} [1-9]/);
  expect(page).not.toContain(paymentId);
});

test('an alert of the rules is counted', async () => {
  service = await createTestService('metrics_alerts');
  await service.control('faults', { provider: 'yookassa', operation: 'createRefund', kind: 'unauthorized' });
  await create(await service.payment('1500.00'));
  const page = await scrape();
  expect(page).toContain('alerts_total{code="ACCOUNT_CREDENTIALS_REFUSED"} 1\n');
  expect(page).toContain('account_paused{account="yookassa-demo"} 1\n');
});

test('a provider that does not answer opens the circuit of its account, with one alert', async () => {
  service = await createTestService('metrics_circuit');
  const paymentId = await service.payment('1500.00');
  await service.control('faults', {
    provider: 'yookassa',
    operation: '*',
    kind: 'error-before-effect',
    reference: paymentId,
    times: 1_000,
  });
  await expect
    .poll(async () => (await create(paymentId), scrape()), { timeout: 30_000 })
    .toContain('circuit_open{account="yookassa-demo"} 1\n');
  await create(paymentId);
  const page = await scrape();
  expect(page).toContain('alerts_total{code="ACCOUNT_UNREACHABLE"} 1\n');
  expect(page).toMatch(/provider_calls_total\{account="yookassa-demo",.*result="circuit-open"\} [1-9]/);
  const other = await service.payment('1500.00', { account: 'yookassa-other' });
  const input = refundInput(other, '1.00', {
    payment: { provider: { account: 'yookassa-other', paymentId: other } },
  });
  const { data } = await service.graphql<{ createRefund: { refund: { status: string } } }>(
    createRefundMutation,
    { input },
    'other',
  );
  expect(data.createRefund.refund.status).toBe('SUCCEEDED');
});

test('without what it needs of the database, the rest is shown', async () => {
  service = await createTestService('metrics_no_database');
  await sql`ALTER TABLE accounts RENAME TO accounts_away`.execute(service.database.db);
  const answer = await fetch(`${service.app.url}/metrics`);
  expect(answer.status).toBe(200);
  const page = await answer.text();
  expect(page).toContain('refund_federation_database_answers 0\n');
  expect(page).toContain('refund_federation_process_resident_memory_bytes ');
});

test('with a port of their own the metrics are there and not at the port of the API', async () => {
  service = await createTestService('metrics_port', { metricsPort: 0 });
  const port = /"port":(\d+),"msg":"metrics are served"/.exec(service.logged())?.[1];
  expect((await fetch(`${service.app.url}/metrics`)).status).toBe(404);
  const own = `http://127.0.0.1:${port}`;
  expect(await scrape(own)).toContain('refund_federation_sends_total');
  expect((await fetch(`${own}/graphql`)).status).toBe(404);
  await service.app.close();
  await expect(fetch(`${own}/metrics`)).rejects.toThrow();
});
