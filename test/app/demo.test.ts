import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { serverPid } from '../support/service-process.ts';
import { newPayment, refund, refundsAtProvider } from './refund.ts';
import {
  control,
  createPlace,
  graphql,
  isAnswering,
  OTHER_KEY,
  runDemo,
  sandboxPid,
  signal,
  type Place,
  type Service,
} from './service.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

/** Ends a service as Ctrl-C does, and says whether anything is left of it. */
async function stop(service: Service): Promise<unknown> {
  const pid = await sandboxPid(place.dataDir);
  service.child.kill('SIGTERM');
  return {
    exit: await service.exit,
    sandbox: pid !== undefined && signal(pid, 0),
    sandboxAnswers: await isAnswering(`${place.sandboxUrl}/control/credentials`),
    database: await serverPid(place.dataDir),
  };
}
const NOTHING_LEFT = { exit: 0, sandbox: false, sandboxAnswers: false, database: undefined };

/** The payments of each account, as the banner lists them. */
const printedPayments = (banner: string): Record<string, string[]> =>
  Object.fromEntries(
    [...banner.matchAll(/^ {2}(\S+)\n((?: {4}.*\n)+)/gm)].map(([, account, lines = '']) => [
      account,
      [...lines.matchAll(/^ {4}(\S+)/gm)].map(([, reference = '']) => reference).toSorted(),
    ]),
  );

/** The same of the README: the first column of the table of each account, or its sentence. */
const documentedPayments = (text: string): Record<string, string[]> => {
  const [, chapter = ''] = text.split('\n### Payments to try\n');
  const [tables = ''] = chapter.split('\n## ');
  return Object.fromEntries(
    tables
      .split('\nAccount `')
      .slice(1)
      .map((account) => {
        const cells = account.match(/^(?:\| )?`[^|\n]*?(?= \||, \d)/gm) ?? [];
        const references = cells.flatMap((cell) =>
          [...cell.matchAll(/`(.+?)`/g)].map(([, code = '']) => code),
        );
        return [account.slice(0, account.indexOf('`')), references.toSorted()];
      }),
  );
};

/** A payment of which a service has refunded a part. */
async function newPaymentOf(service: Service): Promise<string> {
  const url = await service.url();
  const payment = await newPayment(place);
  expect((await refund(url, payment, 'before-the-kill')).refund?.status).toBe('SUCCEEDED');
  return payment;
}

async function untilPrinted(service: Service, text: string): Promise<string> {
  while (!service.stdout().includes(text)) await delay(10);
  return service.stdout();
}

describe('the demo', () => {
  it('starts without any configuration, tells what there is, refunds, and leaves nothing behind', async () => {
    const service = runDemo(place);
    const url = await service.url();
    const printed = await untilPrinted(service, 'The first refund');
    expect(printed).toContain(`${url}/graphql`);
    expect(printed).toContain('rf_demo_00000000000000000000000000000000');
    const reference = / yookassa-demo\n {4}(\S+) {2}captured, card, 1500\.00 RUB, nothing refunded/.exec(
      printed,
    )?.[1];

    expect(printedPayments(printed)).toEqual(documentedPayments(readme));

    const { refund: made, errors } = await refund(url, reference ?? '', 'first-refund');
    expect(errors).toEqual([]);
    expect(made?.status).toBe('SUCCEEDED');
    expect(await refundsAtProvider(place, reference ?? '')).toBe(1);

    const query = 'query ($id: ID!) { refund(by: { id: $id }) { status } }';
    const id = { id: made?.id };
    expect((await graphql(url, query, id)).data).toEqual({ refund: { status: 'SUCCEEDED' } });
    expect((await graphql(url, query, id, OTHER_KEY)).data).toEqual({ refund: null });
    expect(await stop(service)).toEqual(NOTHING_LEFT);
  });

  it('has a second provider, whose trace number appears when the clock has moved a day', async () => {
    const service = runDemo(place);
    const url = await service.url();
    const printed = await untilPrinted(service, 'The first refund');
    expect(printed).toContain(`http://127.0.0.1:${place.sandboxPort + 3}/v1   razorpay`);
    const paymentId = /razorpay-demo\n {4}(\S+) +captured, FPX, 1500\.00 MYR/.exec(printed)?.[1];
    const { data: made } = await graphql(
      url,
      'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { id status } errors { code } } }',
      {
        input: {
          idempotencyKey: 'curlec-order',
          payment: { provider: { account: 'razorpay-demo', paymentId } },
          amount: { money: { value: '400.00', currency: 'MYR' } },
          reason: 'RETURNED_GOODS',
          waitMs: 30_000,
        },
      },
    );
    const created = made?.['createRefund'] as { refund: { id: string } | null };
    expect(created).toMatchObject({ refund: { status: 'SUCCEEDED' }, errors: [] });
    const sync = async () => {
      const fields = 'refund { status traceReferences { kind availability } }';
      const query = `mutation ($id: ID!) { syncRefund(input: { refund: $id, waitMs: 30000 }) { ${fields} } }`;
      const { data } = await graphql(url, query, { id: created.refund?.id });
      const synced = data?.['syncRefund'] as { refund: { traceReferences: unknown } } | undefined;
      return synced?.refund.traceReferences;
    };
    expect(await sync()).toContainEqual({ kind: 'ARN', availability: 'NOT_YET' });
    await control(place, 'POST', 'clock', { advanceSeconds: 86_400 });
    expect(await sync()).toEqual([{ kind: 'ARN', availability: 'AVAILABLE' }]);
    expect(await stop(service)).toEqual(NOTHING_LEFT);
  });

  it('that was killed is taken over by the next start, with its sandbox and its data', async () => {
    const killed = runDemo(place);
    const url = await killed.url();
    const payment = await newPayment(place);
    const first = await refund(url, payment, 'before-the-kill');
    const sandbox = await sandboxPid(place.dataDir);
    const database = await serverPid(place.dataDir);
    killed.child.kill('SIGKILL');
    await killed.exit;
    expect(sandbox !== undefined && signal(sandbox, 0)).toBe(true);
    expect(await serverPid(place.dataDir)).toBe(database);

    const next = runDemo(place);
    const again = await refund(await next.url(), payment, 'before-the-kill');
    expect(again).toEqual({ ...first, replayed: true });
    expect(await refundsAtProvider(place, payment)).toBe(1);
    expect(await sandboxPid(place.dataDir)).toBe(sandbox);
    expect(await stop(next)).toEqual(NOTHING_LEFT);
  });

  it('loses nothing of its sandbox to a refused start with another port for the sandbox', async () => {
    const elsewhere = await createPlace();
    const first = runDemo(place);
    const url = await first.url();
    const sandbox = await sandboxPid(place.dataDir);
    const second = runDemo(place, { SANDBOX_PORT: String(elsewhere.sandboxPort) });
    expect(await second.exit).toBe(1);
    expect(second.stderr()).toContain('Another service');
    expect(second.stdout()).not.toContain('sandbox started');
    expect(await isAnswering(`${elsewhere.sandboxUrl}/control/credentials`)).toBe(false);
    expect(await sandboxPid(place.dataDir)).toBe(sandbox);

    // What the sandbox writes from now on is in the file that the next one reads.
    const payment = await newPayment(place);
    expect((await refund(url, payment, 'after-the-second')).refund?.status).toBe('SUCCEEDED');
    first.child.kill('SIGKILL');
    await first.exit;
    if (sandbox !== undefined) signal(sandbox, 'SIGKILL');
    const next = runDemo(place);
    await next.url();
    expect(await refundsAtProvider(place, payment)).toBe(1);
    expect(await stop(next)).toEqual(NOTHING_LEFT);
  });

  it('that was killed is taken over with another port for the sandbox: one sandbox, the same books', async () => {
    const elsewhere = await createPlace();
    const killed = runDemo(place);
    const payment = await newPaymentOf(killed);
    killed.child.kill('SIGKILL');
    await killed.exit;

    const next = runDemo(place, { SANDBOX_PORT: String(elsewhere.sandboxPort) });
    await next.url();
    expect(await isAnswering(`${place.sandboxUrl}/control/credentials`)).toBe(false);
    expect(await refundsAtProvider(elsewhere, payment)).toBe(1);
    expect(await stop(next)).toEqual(NOTHING_LEFT);
    expect(await isAnswering(`${elsewhere.sandboxUrl}/control/credentials`)).toBe(false);
  });

  it('refuses to start a second time on its data directory, and goes on undisturbed', async () => {
    const first = runDemo(place);
    const url = await first.url();
    const second = runDemo(place);
    expect(await second.exit).toBe(1);
    expect(second.stderr()).toContain('Another service');
    expect(second.stderr()).not.toContain('    at ');
    const payment = await newPayment(place);
    expect((await refund(url, payment, 'after-the-second')).refund?.status).toBe('SUCCEEDED');
    expect(await stop(first)).toEqual(NOTHING_LEFT);
  });

  it('keeps its time with the sandbox, also with one that was started anew', async () => {
    const service = runDemo(place);
    const url = await service.url();
    await untilPrinted(service, 'The first refund');
    const moved = await control(place, 'POST', 'clock', { advanceSeconds: 86_400 });
    expect(moved).toMatchObject({
      offsetSeconds: 86_400,
      followers: [{ url: `${url}/demo/clock`, ok: true }],
    });
    const payment = await newPayment(place);
    const made = await refund(url, payment, 'tomorrow-morning');
    const query = 'query ($id: ID!) { refund(by: { id: $id }) { createdAt } }';
    const read = await graphql(url, query, { id: made.refund?.id });
    const found = read.data?.['refund'] as { createdAt: string } | undefined;
    expect(Date.parse(found?.createdAt ?? '') - Date.now()).toBeGreaterThan(86_000_000);

    await control(place, 'DELETE', 'clock/followers', { url: `${url}/demo/clock` });
    const followers = async () =>
      ((await control(place, 'GET', 'clock/followers')) as { followers: string[] }).followers;
    while (!(await followers()).includes(`${url}/demo/clock`)) await delay(50);
    expect(await stop(service)).toEqual(NOTHING_LEFT);
  });
});
