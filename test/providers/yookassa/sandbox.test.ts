import { knownRefund, plainOrder } from '../known-refund.ts';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../../sandbox/sandbox.ts';
import { systemClock } from '../../../src/clock.ts';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { AccountAccess, RefundOrder } from '../../../src/providers/provider.ts';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import type { YooKassaCredentials } from '../../../src/providers/yookassa/credentials.ts';
import { KEY, rub } from './shop.ts';

const OTHER_KEY = 'f'.repeat(40);

/** The adapter at the simulator, with a new payment of 1500.00 RUB. */
async function open(more: object = {}) {
  const sandbox = await startSandbox({ seed: false });
  const control = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${sandbox.controlUrl}/control/${path}`, { ...init, headers });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  };
  const credentials = (await control('GET', 'credentials'))['yookassa'] as (YooKassaCredentials & {
    baseUrl: string;
  })[];
  const { shopId, secretKey, baseUrl } = credentials[0]!;
  const http = createAccountHttp({
    accountCode: 'yookassa-demo',
    provider: 'yookassa',
    baseUrl,
    maxInFlight: 4,
    requestsPerSecond: 1000,
    log: pino({ level: 'silent' }),
    clock: systemClock,
  });
  onTestFinished(async () => {
    await http.close();
    await sandbox.close();
  });
  const payment = { provider: 'yookassa', amount: rub('1500.00'), ...more };
  const providerPaymentId = String((await control('POST', 'payments', payment))['reference']);
  const access: AccountAccess<YooKassaCredentials> = {
    code: 'yookassa-demo',
    credentials: { shopId, secretKey },
    options: {},
    http,
    clock: systemClock,
  };
  const refund = (minor: bigint, providerKey = KEY) => {
    const amount = { minor, currency: 'RUB' } as const;
    const order: RefundOrder = {
      providerPaymentId,
      amount,
      providerKey,
      metadata: { ticket: 'T-1' },
      receipt: null,
      ...plainOrder,
    };
    return yookassa.sendRefund(access, yookassa.buildRefund(order), order, () => true);
  };
  const fault = (kind: string, options: object = {}) =>
    control('POST', 'faults', { provider: 'yookassa', operation: 'createRefund', kind, ...options });
  const ledger = async () => {
    const { payments } = (await control('GET', 'ledger?provider=yookassa')) as {
      payments: { refunds: object[] }[];
    };
    return payments[0]?.refunds;
  };
  return { access, control, fault, ledger, providerPaymentId, refund };
}

test('a partial refund happens, a replay of its bytes is the same refund, and reads show it', async () => {
  const { access, ledger, providerPaymentId, refund } = await open();
  const first = await refund(40000n);
  expect(first).toMatchObject({ kind: 'accepted', refund: { status: 'SUCCEEDED', ourReference: KEY } });
  const replayed = await refund(40000n);
  expect(replayed).toMatchObject({ kind: 'accepted' });
  expect(await ledger()).toMatchObject([{ amountMinor: '40000', providerKey: KEY, ourReference: KEY }]);

  const id = first.kind === 'accepted' ? first.refund.providerRefundId : '';
  expect(replayed).toMatchObject({ refund: { providerRefundId: id } });
  expect(await yookassa.readPayment(access, providerPaymentId)).toMatchObject({
    kind: 'found',
    value: {
      payment: {
        state: 'CAPTURED',
        capturedMinor: 150000n,
        refundedMinor: 40000n,
        refundableByProvider: true,
      },
      refunds: [{ providerRefundId: id, amount: { minor: 40000n, currency: 'RUB' } }],
    },
  });
  expect(await yookassa.readRefund(access, knownRefund(id))).toMatchObject({
    kind: 'found',
    value: { status: 'SUCCEEDED' },
  });
});

test('the same key with another amount is unknown, never refused', async () => {
  const { ledger, refund } = await open();
  await refund(40000n);
  expect(await refund(40001n)).toMatchObject({
    kind: 'unknown',
    failure: { code: 'ANOTHER_OPERATION_IN_PROGRESS' },
  });
  expect(await ledger()).toHaveLength(1);
});

test('too much is refused, because of a pending refund or for good', async () => {
  const { control, refund } = await open();
  await control('POST', 'mode', { provider: 'yookassa', refunds: 'pending' });
  expect(await refund(100000n)).toMatchObject({ kind: 'accepted', refund: { status: 'PENDING' } });
  const again = await refund(100000n, OTHER_KEY);
  expect(again).toMatchObject({
    kind: 'refused',
    failure: { code: 'ANOTHER_OPERATION_IN_PROGRESS', retry: 'WAIT' },
  });
  await control('POST', 'settle', { provider: 'yookassa', all: true, status: 'succeeded' });
  const third = await refund(100000n, 'e'.repeat(40));
  expect(third).toMatchObject({
    kind: 'refused',
    failure: { code: 'AMOUNT_EXCEEDS_REFUNDABLE', retry: 'NEVER' },
  });
});

test.each([
  ['lost-after-effect', 'unknown', 1],
  ['lost-before-effect', 'unknown', 0],
  ['error-after-effect', 'unknown', 1],
  ['error-before-effect', 'unknown', 0],
  ['cut-body', 'unknown', 1],
  ['garbage', 'unknown', 1],
  ['connect-refused', 'not-sent', 0],
  ['rate-limited', 'deferred', 0],
  ['unauthorized', 'deferred', 0],
  ['key-in-progress', 'unknown', 0],
  ['key-conflict', 'unknown', 0],
  ['unknown-status', 'accepted', 1],
  ['wrong-amount', 'accepted', 1],
])('%s is %s; the same bytes sent again make exactly one refund', async (kind, outcome, refunds) => {
  const { control, fault, ledger, refund } = await open();
  await fault(kind);
  expect(await refund(40000n)).toMatchObject({ kind: outcome });
  expect(await ledger()).toHaveLength(refunds);
  // A refused port stays so until it is cleared; all the others happen once.
  await control('DELETE', 'faults');
  expect(await refund(40000n)).toMatchObject({ kind: 'accepted', refund: { amount: { minor: 40000n } } });
  expect(await ledger()).toHaveLength(1);
});

test.each([
  ['insufficient_funds', 'INSUFFICIENT_FUNDS'],
  ['payment_expired', 'REFUND_WINDOW_EXPIRED'],
])('a refund that ends %s is accepted and failed', async (code, expected) => {
  const { fault, refund } = await open();
  await fault('refuse', { code });
  expect(await refund(40000n)).toMatchObject({
    kind: 'accepted',
    refund: { status: 'FAILED', failure: { code: expected, providerCode: code } },
  });
});

test('another shop, or nobody, has no such payment', async () => {
  const { access } = await open();
  const nobody = '00000000-000f-5000-8000-000000000000';
  expect(await yookassa.readPayment(access, nobody)).toEqual({ kind: 'absent' });
});

test('a hold is released once; afterwards and after a capture there is none', async () => {
  const held = await open({ status: 'authorized' });
  const cancel = ({ access, providerPaymentId }: typeof held, key: string) =>
    yookassa.sendVoid(
      access,
      yookassa.buildVoid({ providerPaymentId: providerPaymentId, handles: {}, state: 'AUTHORIZED' }, key),
      providerPaymentId,
      () => true,
    );
  expect(await yookassa.readPayment(held.access, held.providerPaymentId)).toMatchObject({
    value: { payment: { state: 'AUTHORIZED', capturedMinor: 0n, holdExpiresAt: expect.any(Date) } },
  });
  expect(await held.refund(100n, 'e'.repeat(40))).toMatchObject({
    kind: 'refused',
    failure: { code: 'PAYMENT_NOT_REFUNDABLE' },
  });
  expect(await cancel(held, KEY)).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED' } });
  expect(await cancel(held, OTHER_KEY)).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED' } });
  const captured = await open();
  expect(await cancel(captured, KEY)).toMatchObject({ kind: 'refused', payment: { state: 'CAPTURED' } });
});
