// `npm run fuzz:webhooks -- --runs N --seed S`: sends nonsense and forgeries to all webhook URLs of a service, and
// compares what it knows before and after. Prints counts; exit code 1 when something is not as it should be.
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { createPlace, control, graphql, runDemo } from '../app/service.ts';
import { fuzzWebhooks, totals } from './fuzz-webhooks.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const runs = Number(values.runs ?? 10_000);
const seed = Number(values.seed ?? Date.now() % 1e9);

const providers = ['yookassa', 'razorpay', 'robokassa', 'yandex-pay', 'stripe', 'prism'];
const currencies: Readonly<Record<string, string>> = { yookassa: 'RUB', razorpay: 'MYR' };

const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) { refund { id status } errors { code } } }`;
const STATE = `{
  payments(first: 20) { nodes { id status amount { value } refunded { value } reserved { value } } }
  refunds(first: 20) { nodes { id status moneyMovement origin amount { value } history { kind from to } } } }`;

const place = await createPlace();
try {
  const service = runDemo(place, { LOG_LEVEL: 'info' });
  const url = await service.url();
  const known: Record<string, { refundId: string; paymentId: string }> = {};
  for (const [provider, currency] of Object.entries(currencies)) {
    const amount = { value: '100.00', currency };
    const made = (await control(place, 'POST', 'payments', { provider, amount })) as { reference: string };
    const { reference: paymentId } = made;
    const input = {
      idempotencyKey: `fuzz-${provider}`,
      payment: { provider: { account: `${provider}-demo`, paymentId } },
      amount: { money: { value: '10.00', currency } },
      reason: 'OTHER',
      waitMs: 10_000,
    };
    await graphql(url, CREATE, { input });
    const books = await control(place, 'GET', `ledger?provider=${provider}&reference=${paymentId}`);
    const { payments } = books as { payments: { refunds: { id: string }[] }[] };
    known[provider] = { paymentId, refundId: payments[0]!.refunds[0]!.id };
  }
  // Whatever the engine has to do by itself is done.
  await delay(3_000);
  const state = async (): Promise<string> => {
    const { data, errors } = await graphql(url, STATE);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return JSON.stringify(data);
  };
  const megabytes = async (): Promise<number> => {
    const page = await (await fetch(`${url}/metrics`)).text();
    const line = /^refund_federation_process_resident_memory_bytes (\S+)$/m.exec(page);
    return Math.round(Number(line?.[1]) / 2 ** 20);
  };
  const before = await state();
  const memory = [await megabytes()];
  const startedMs = performance.now();
  const counts = await fuzzWebhooks(
    url,
    {
      paths: Object.fromEntries(providers.map((provider) => [provider, `/webhooks/${provider}-demo`])),
      known,
      now: () => new Date(),
    },
    {
      seed,
      runs,
      async onProgress(done) {
        memory.push(await megabytes());
        process.stderr.write(`${done} requests, ${memory.at(-1)} MB\n`);
      },
    },
  );
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  await delay(5_000);
  const isSame = (await state()) === before;
  const sums = totals(counts);
  const failed = Object.keys(sums).filter((status) => !/^(200|4\d\d|503|cut)$/.test(status));
  const isErrorFree = !service.stdout().includes('"level":"error"');
  const summary = {
    runs,
    seed,
    seconds,
    counts,
    totals: sums,
    memoryMegabytes: { first: memory[0], most: Math.max(...memory), last: memory.at(-1) },
    isStateUnchanged: isSame,
    isErrorFree,
  };
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  if (!isSame || !isErrorFree || failed.length > 0) process.exitCode = 1;
  service.child.kill('SIGTERM');
  await service.exit;
} finally {
  await place.remove();
}
