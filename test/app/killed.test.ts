import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failpointNames } from '../../src/failpoints.ts';
import { newPayment, refund, refundsAtProvider } from './refund.ts';
import { control, createPlace, graphql, runDemo, type Place } from './service.ts';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

const key = 'killed-in-between';

const SYNC = `mutation ($id: ID!) { syncRefund(input: { refund: $id, waitMs: 20000 }) { refund { status } errors { code } } }`;

/** What a caller does who finds the service again: the same key, then, if it is not settled, syncRefund. */
async function findOut(url: string, payment: string): Promise<string> {
  const found = await refund(url, payment, key, 5_000);
  if (found.refund?.status === 'SUCCEEDED') return found.refund.status;
  const { data } = await graphql(url, SYNC, { id: found.refund?.id });
  const synced = data?.['syncRefund'] as { refund: { status: string }; errors: unknown[] };
  expect(synced.errors).toEqual([]);
  return synced.refund.status;
}

const onTheWayOfACaller = failpointNames.filter((name) => /^(refund|send)\./.test(name));

test.each(onTheWayOfACaller)(
  'killed at %s: one refund at the provider, and it is known',
  async (failpoint) => {
    const first = runDemo(place, { FAILPOINTS: `${failpoint}:kill` });
    const url = await first.url();
    const payment = await newPayment(place);
    const answer = refund(url, payment, key).catch(() => 'cut');
    expect(await first.exit).toBe('SIGKILL');
    expect(await answer).toBe('cut');

    const next = runDemo(place);
    expect(await findOut(await next.url(), payment)).toBe('SUCCEEDED');
    expect(await refundsAtProvider(place, payment)).toBe(1);
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
  },
);

test('killed while the provider works: it is found there, and not sent twice', async () => {
  const first = runDemo(place);
  const url = await first.url();
  const payment = await newPayment(place);
  await control(place, 'POST', 'faults', {
    provider: 'yookassa',
    operation: 'createRefund',
    kind: 'slow',
    delayMs: 1_500,
  });
  const answer = refund(url, payment, key).catch(() => 'cut');
  while ((await refundsAtProvider(place, payment)) === 0) await delay(10);
  first.child.kill('SIGKILL');
  expect(await answer).toBe('cut');

  const next = runDemo(place);
  expect(await findOut(await next.url(), payment)).toBe('SUCCEEDED');
  expect(await refundsAtProvider(place, payment)).toBe(1);
  next.child.kill('SIGTERM');
  expect(await next.exit).toBe(0);
});
