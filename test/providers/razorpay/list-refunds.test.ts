import { expect, test } from 'vitest';
import { razorpay } from '../../../src/providers/razorpay/index.ts';
import type { Look, RefundListPage } from '../../../src/providers/provider.ts';
import {
  list,
  noSuchId,
  numbered,
  openAccount,
  OTHER_PAYMENT_ID,
  payment,
  PAYMENT_ID,
  refund,
  said,
  unix,
} from './account.ts';

const createdFrom = new Date('2026-11-01T00:00:00.250Z');
const createdTo = new Date('2026-11-21T00:00:00.250Z');
const FROM = unix('2026-10-31T23:59:59Z');
const TO = unix('2026-11-21T00:00:02Z');

const idsOf = (look: Look<RefundListPage>): string[] =>
  look.kind === 'found' ? look.value.refunds.map(({ providerRefundId }) => providerRefundId.slice(-3)) : [];

test('two pages of refunds by time: a window one second wider on each side, then the offset', async () => {
  const at = (number: number): object =>
    numbered(number, { created_at: unix('2026-11-02T00:00:00Z') + number });
  const pages: Record<string, object> = {
    '0': list(...Array.from({ length: 100 }, (_, index) => at(index))),
    '100': list(at(100), at(101)),
  };
  const { access, provider } = await openAccount(({ path }) => ({
    body: pages[new URL(path, 'http://x').searchParams.get('skip') ?? ''],
  }));
  const first = await razorpay.listRefunds(access, { createdFrom, createdTo });
  expect(first).toMatchObject({ kind: 'found', value: { nextCursor: '100' } });
  // The provider answered oldest first; within a page the newest comes first all the same.
  expect(idsOf(first).slice(0, 2)).toEqual(['099', '098']);
  expect(idsOf(first)).toHaveLength(100);
  const second = await razorpay.listRefunds(access, { createdFrom, createdTo, cursor: '100' });
  expect(second).toMatchObject({ kind: 'found', value: { nextCursor: null } });
  expect(idsOf(second)).toEqual(['101', '100']);
  expect(provider.requests.map(({ path }) => path)).toEqual([
    `/v1/refunds?from=${FROM}&to=${TO}&count=100&skip=0`,
    `/v1/refunds?from=${FROM}&to=${TO}&count=100&skip=100`,
  ]);
});

test('refunds of one payment, and of all payments without a window', async () => {
  const { access, provider } = await openAccount(() => ({ body: list(refund()) }));
  await razorpay.listRefunds(access, { providerPaymentId: PAYMENT_ID });
  await razorpay.listRefunds(access, {});
  expect(provider.requests.map(({ path }) => path)).toEqual([
    `/v1/payments/${PAYMENT_ID}/refunds?count=100&skip=0`,
    '/v1/refunds?count=100&skip=0',
  ]);
});

test('a window beyond what the API takes is cut to it', async () => {
  const { access, provider } = await openAccount(() => ({ body: list() }));
  const query = { createdFrom: new Date(0), createdTo: new Date('2999-01-01T00:00:00Z') };
  await razorpay.listRefunds(access, query);
  expect(provider.requests[0]?.path).toBe('/v1/refunds?from=946684800&to=4765046400&count=100&skip=0');
});

test('a refund that stands twice in a page counts once', async () => {
  const { access } = await openAccount(() => ({ body: list(numbered(1), numbered(2), numbered(1)) }));
  expect(idsOf(await razorpay.listRefunds(access, {}))).toEqual(['001', '002']);
});

test('a failed refund is explained in the list of its payment, not in a list over time', async () => {
  const { access, provider } = await openAccount(({ path }) =>
    path.includes('/refunds')
      ? { body: list(refund({ status: 'failed' })) }
      : { body: payment({ created_at: unix('2026-05-01T00:00:00Z') }) },
  );
  const failed = (code: string) => ({ value: { refunds: [{ status: 'FAILED', failure: { code } }] } });
  const byPayment = await razorpay.listRefunds(access, { providerPaymentId: PAYMENT_ID });
  expect(byPayment).toMatchObject(failed('REFUND_WINDOW_EXPIRED'));
  expect(provider.requests).toHaveLength(2);
  expect(await razorpay.listRefunds(access, {})).toMatchObject({
    value: { refunds: [{ status: 'FAILED', failure: null }] },
  });
  expect(provider.requests).toHaveLength(3);
});

test.each([
  ['a payment that is not there', noSuchId, { kind: 'absent' }],
  [
    'a refund of another payment',
    { body: list(refund({ payment_id: OTHER_PAYMENT_ID })) },
    { kind: 'unavailable' },
  ],
  ['an error', said('anything'), { kind: 'unavailable' }],
])('a list with %s', async (_name, script, expected) => {
  const { access } = await openAccount(() => script);
  expect(await razorpay.listRefunds(access, { providerPaymentId: PAYMENT_ID })).toMatchObject(expected);
});

test.each(['', '0', '-1', '1e3', '100&count=1', '100\n'])('the cursor %j is none of ours', async (cursor) => {
  const { access, provider } = await openAccount(() => ({ body: list() }));
  await expect(razorpay.listRefunds(access, { cursor })).rejects.toThrow(RangeError);
  expect(provider.requests).toHaveLength(0);
});
