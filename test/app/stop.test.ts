import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { newPayment, refund, refundsAtProvider } from './refund.ts';
import { control, createPlace, graphql, run, runDemo, environmentOf, type Place } from './service.ts';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

const fault = (kind: string, more: Record<string, unknown> = {}) =>
  control(place, 'POST', 'faults', { provider: 'yookassa', operation: 'createRefund', kind, ...more });

/** Waits until the sandbox has been asked to make a refund. */
async function untilSent(): Promise<void> {
  for (;;) {
    const { requests } = (await control(place, 'GET', 'requests?provider=yookassa')) as {
      requests: { method: string; path: string }[];
    };
    if (requests.some(({ method, path }) => method === 'POST' && path.includes('/refunds'))) return;
    await delay(10);
  }
}

describe('SIGTERM', () => {
  it('lets a refund that is on its way end and its caller see the answer; then exit 0', async () => {
    const service = runDemo(place);
    const url = await service.url();
    const payment = await newPayment(place);
    await fault('slow', { ms: 1_000 });
    const answer = refund(url, payment, 'slow-refund');
    await untilSent();
    service.child.kill('SIGTERM');
    expect((await answer).refund?.status).toBe('SUCCEEDED');
    expect(await service.exit).toBe(0);
  });

  it('gives up what is not done within the grace; the next start finds it', async () => {
    const service = runDemo(place, { SHUTDOWN_GRACE_MS: '200' });
    const url = await service.url();
    const payment = await newPayment(place);
    await fault('hang');
    const answer = refund(url, payment, 'hanging-refund').catch(() => 'cut');
    await untilSent();
    service.child.kill('SIGTERM');
    expect(await answer).toBe('cut');
    expect(await service.exit).toBe(0);
    expect(service.stdout()).toContain('stopped before everything was done');

    const next = runDemo(place);
    const again = await refund(await next.url(), payment, 'hanging-refund', 0);
    expect(again).toMatchObject({ replayed: true, errors: [] });
    expect(again.refund?.status).not.toBe('FAILED');
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
  });

  it('twice ends at once with 1', async () => {
    const service = runDemo(place);
    const url = await service.url();
    const payment = await newPayment(place);
    await fault('hang');
    const answer = refund(url, payment, 'hanging-refund').catch(() => 'cut');
    await untilSent();
    service.child.kill('SIGTERM');
    while (!service.stdout().includes('"msg":"stopping"')) await delay(10);
    // Sooner, it would be taken for the same wish: npm passes on a signal that the terminal sent to both.
    await delay(1_100);
    service.child.kill('SIGINT');
    expect(await service.exit).toBe(1);
    expect(await answer).toBe('cut');
  });

  it('that comes twice at once is one: the work ends, exit 0', async () => {
    const service = runDemo(place);
    const url = await service.url();
    const payment = await newPayment(place);
    await fault('slow', { ms: 1_000 });
    const answer = refund(url, payment, 'slow-refund');
    await untilSent();
    service.child.kill('SIGINT');
    service.child.kill('SIGTERM');
    expect((await answer).refund?.status).toBe('SUCCEEDED');
    expect(await service.exit).toBe(0);
  });

  it('under load is answered with whole answers only, each time', async () => {
    for (let round = 0; round < 3; round += 1) {
      const service = runDemo(place);
      const url = await service.url();
      const answers: unknown[] = [];
      let stopped = false;
      const callers = Array.from({ length: 8 }, async () => {
        while (!stopped) {
          const answer = await graphql(url, '{ viewer { merchant { code } } }').catch(() => undefined);
          // Refused connections are no answers.
          if (answer !== undefined) answers.push(answer);
          else stopped = true;
        }
      });
      while (answers.length < 20) await delay(5);
      service.child.kill('SIGTERM');
      expect(await service.exit).toBe(0);
      stopped = true;
      await Promise.all(callers);
      const wrong = answers.filter(
        (answer) => JSON.stringify(answer) !== '{"data":{"viewer":{"merchant":{"code":"demo"}}}}',
      );
      expect(wrong).toEqual([]);
    }
  });
});

describe('standard output that nobody reads', () => {
  it('stops neither the API nor the end', async () => {
    const service = run(
      ['serve'],
      { DEMO: '1', PORT: String(place.sandboxPort + 7), LOG_LEVEL: 'trace', ...environmentOf(place) },
      false,
    );
    service.child.stdout?.pause();
    const url = `http://127.0.0.1:${place.sandboxPort + 7}`;
    const name = 'a'.repeat(90);
    const ask = () => graphql(url, `query ${name} { viewer { merchant { code } } }`).catch(() => undefined);
    while ((await ask()) === undefined) await delay(20);
    // Some 300 bytes of log each: far more than any pipe holds.
    for (let round = 0; round < 40; round += 1)
      for (const answer of await Promise.all(Array.from({ length: 50 }, ask)))
        expect(answer?.data).toBeDefined();
    const payment = await newPayment(place);
    expect((await refund(url, payment, 'nobody-reads')).refund?.status).toBe('SUCCEEDED');
    expect(await refundsAtProvider(place, payment)).toBe(1);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });
});
