import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { RefundOrder } from '../../../src/providers/provider.ts';
import type { Access } from '../../../src/providers/yandex-pay/read.ts';
import type { YandexPayOptions } from '../../../src/providers/yandex-pay/options.ts';
import {
  type Script,
  type ScriptedProvider,
  type SeenRequest,
  startScriptedProvider,
} from '../../support/scripted-provider.ts';
import { line } from './carts.ts';

export const ORDER_ID = 'order-7781';
export const MERCHANT_ID = '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10';
export const KEY = '0123456789abcdef0123456789abcdef01234567';
export const NOW = new Date('2026-11-22T12:00:00Z');

/** An operation as pay.yandex.ru/docs shows it. */
export const operation = (more: object = {}): object => ({
  operationId: '6f1b9a52-3c55-4a3e-8a0d-1f2e3d4c5b6a',
  operationType: 'REFUND',
  orderId: ORDER_ID,
  amount: '90.00',
  pointsAmount: null,
  status: 'SUCCESS',
  externalOperationId: KEY,
  reason: null,
  params: { motive: null, branch_id: null, manager_id: null },
  created: '2026-11-21T10:05:00.000000+03:00',
  updated: '2026-11-21T10:05:07.400000+03:00',
  ...more,
});

export const capture = (more: object = {}): object =>
  operation({
    operationId: '0a4d4c52-3d1c-4b0a-9c6e-0d1f3a5b7c90',
    operationType: 'CAPTURE',
    amount: '300.00',
    externalOperationId: null,
    created: '2026-11-20T09:01:10.000000+03:00',
    updated: '2026-11-20T09:01:11.000000+03:00',
    ...more,
  });

/** Three mugs at 100.00. */
export const mugs = (more: object = {}): object => ({
  productId: 'sku-1',
  title: 'Mug',
  quantity: { count: '3' },
  unitPrice: '100.00',
  discountedUnitPrice: '100.00',
  finalPrice: '100.00',
  subtotal: '300.00',
  total: '300.00',
  ...more,
});

/** A paid order of three mugs, of which nothing was returned. */
export const order = (more: object = {}): object => ({
  orderId: ORDER_ID,
  merchantId: MERCHANT_ID,
  currencyCode: 'RUB',
  orderAmount: '300.00',
  paymentStatus: 'CAPTURED',
  paymentMethod: { methodType: 'SPLIT', cardLast4: '4242', cardNetwork: 'MIR' },
  created: '2026-11-20T09:00:00.000000+03:00',
  updated: '2026-11-21T10:05:07.412000+03:00',
  cart: { cartId: 'c-001', items: [mugs()], total: { amount: '300.00' } },
  ...more,
});

export const done = (data: object): Script => ({ body: { code: 200, status: 'success', data } });
export const orderAnswer = (some: object = order(), operations: object[] = [capture()]): Script =>
  done({ order: some, operations, delivery: null });
export const said = (status: number, more: object = {}): Script => ({
  status,
  body: { code: status, status: 'fail', reason: 'Whatever the provider likes to say today', ...more },
});

/** 100.00 of three mugs: one of them. */
export const refundOrder: RefundOrder = {
  providerPaymentId: ORDER_ID,
  handles: {},
  amount: { minor: 10_000n, currency: 'RUB' },
  takesRest: false,
  isFirst: true,
  cart: [line('sku-1', 300n, 30_000n)],
  items: [{ item: 'sku-1', quantityHundredths: 100n, amountMinor: 10_000n }],
  sends: 0,
  providerKey: KEY,
  metadata: {},
  reason: 'OTHER',
  receipt: null,
};

export interface Account {
  readonly access: Access;
  readonly provider: ScriptedProvider;
}

/** An account at a provider that answers by `script`; both are closed with the test. */
export async function openAccount(
  script: (request: SeenRequest) => Script,
  options: YandexPayOptions = { edition: 'ru', currency: 'RUB' },
): Promise<Account> {
  const provider = await startScriptedProvider(script);
  const http = createAccountHttp({
    accountCode: 'pay',
    provider: 'yandex-pay',
    baseUrl: `${provider.url}/api/merchant`,
    maxInFlight: 4,
    requestsPerSecond: 10_000,
    log: pino({ level: 'silent' }),
    clock: { now: () => NOW, monotonicMs: () => performance.now() },
  });
  onTestFinished(async () => {
    await http.close();
    await provider.close();
  });
  const credentials = { apiKey: 'the-api-key', merchantId: MERCHANT_ID };
  return { access: { code: 'pay', credentials, options, http, clock: { now: () => NOW } }, provider };
}

/** Answers a POST by `post`, an order by `held` and an operation by `found`. */
export const scriptOf =
  (post: Script, held: Script = orderAnswer(), found: Script = said(404)) =>
  ({ method, path }: SeenRequest): Script => {
    if (method === 'POST') return post;
    return path.includes('/operations/') ? found : held;
  };
