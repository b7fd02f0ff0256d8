import { plainOrder } from '../known-refund.ts';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { AccountAccess, RefundOrder } from '../../../src/providers/provider.ts';
import type { YooKassaCredentials } from '../../../src/providers/yookassa/credentials.ts';
import {
  type Script,
  type ScriptedProvider,
  type SeenRequest,
  startScriptedProvider,
} from '../../support/scripted-provider.ts';

export const PAYMENT_ID = '32922358-000f-5000-8000-1b2c3d4e5f60';
export const REFUND_ID = '32937f7e-0015-5000-8000-0a1b2c3d4e5f';
export const KEY = '0123456789abcdef0123456789abcdef01234567';
/** Some days after the payment. */
export const NOW = new Date('2026-11-22T12:00:00Z');

export const rub = (value: string): object => ({ value, currency: 'RUB' });

/** A captured payment of 1500.00 RUB as YooKassa describes it. */
export function payment(more: object = {}): object {
  return {
    id: PAYMENT_ID,
    status: 'succeeded',
    paid: true,
    test: true,
    refundable: true,
    amount: rub('1500.00'),
    recipient: { account_id: '100500', gateway_id: '100700' },
    payment_method: { type: 'bank_card', id: PAYMENT_ID, saved: false },
    created_at: '2026-11-20T09:15:04.123Z',
    captured_at: '2026-11-20T09:15:31.870Z',
    metadata: { order_id: '4711' },
    ...more,
  };
}

/** A succeeded refund of 400.00 RUB as YooKassa describes it. */
export function refund(more: object = {}): object {
  return {
    id: REFUND_ID,
    payment_id: PAYMENT_ID,
    status: 'succeeded',
    amount: rub('400.00'),
    created_at: '2026-11-21T10:00:30.456Z',
    ...more,
  };
}

export const list = (...items: object[]): object => ({ type: 'list', items });

export const wireError = (more: object = {}): object => ({
  type: 'error',
  id: '5d1e0f7a-0c44-4e55-9a3b-7c1b2f60d9aa',
  code: 'invalid_request',
  description: 'Whatever the provider likes to say today',
  ...more,
});

export const order: RefundOrder = {
  providerPaymentId: PAYMENT_ID,
  amount: { minor: 40000n, currency: 'RUB' },
  providerKey: KEY,
  metadata: {},
  receipt: null,
  ...plainOrder,
};

export interface Shop {
  readonly access: AccountAccess<YooKassaCredentials>;
  readonly provider: ScriptedProvider;
}

/** A shop at a provider that answers by `script`; both are closed with the test. */
export async function openShop(script: (request: SeenRequest) => Script): Promise<Shop> {
  const provider = await startScriptedProvider(script);
  const http = createAccountHttp({
    accountCode: 'shop',
    provider: 'yookassa',
    baseUrl: `${provider.url}/v3`,
    maxInFlight: 4,
    requestsPerSecond: 10_000,
    log: pino({ level: 'silent' }),
    clock: { now: () => NOW, monotonicMs: () => performance.now() },
  });
  onTestFinished(async () => {
    await http.close();
    await provider.close();
  });
  const credentials = { shopId: '100500', secretKey: 'test_N0tARealKey_000' };
  return { access: { code: 'shop', credentials, options: {}, http, clock: { now: () => NOW } }, provider };
}

/** What the provider holds when it is asked again: for tests of a refused POST. */
export interface State {
  readonly payment?: Script;
  readonly refunds?: Script;
}

/** Answers POST by `post`, GET by `state`. */
export function scriptOf(post: Script, state: State = {}): (request: SeenRequest) => Script {
  return ({ method, path }) => {
    if (method === 'POST') return post;
    if (path.startsWith('/v3/payments/')) return state.payment ?? { body: payment() };
    return state.refunds ?? { body: list() };
  };
}
