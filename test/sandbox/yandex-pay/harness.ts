import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { call, type Controls, controlsOf, type Json, type Reply, rub } from '../harness.ts';

export const KEY = '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10';
export const UZBEK_KEY = '1c7f3d2f-701b-5e4f-8b65-407e3b8d9f21';
export const OTHER_KEY = '2d804e30-812c-4f50-9c76-518f4c9ea032';

export interface CallOptions {
  body?: unknown;
  authorization?: string | undefined;
  requestId?: string | undefined;
}

/** A sandbox in this process with short ways to call Yandex Pay in it, as the demo merchant. */
export interface YandexHarness extends Sandbox, Controls {
  api(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** `POST /v2/orders/{id}/refund`. */
  refund(orderId: string, refundAmount: unknown, extra?: Json, requestId?: string): Promise<Reply>;
  /** `data` of `GET /v1/orders/{id}`. */
  order(orderId: string): Promise<OrderData>;
  settle(input: Json): Promise<Reply>;
}

export interface OrderData {
  order: {
    orderAmount: string;
    paymentStatus: string | null;
    cart: { items: Json[]; total: { amount: string } };
    [name: string]: unknown;
  };
  operations: Json[];
}

/** Items of `POST /control/payments`: id, quantity, unit price. */
export function items(...lines: [string, string, string][]): Json[] {
  return lines.map(([id, quantity, price]) => ({ id, title: id, quantity, unitPrice: rub(price) }));
}

/** Three mugs at 100.00. */
export const MUGS = { amount: rub('300.00'), items: items(['mug', '3', '100.00']) };

/** `data.operation` of an answer. */
export function operationOf({ body }: Reply): Json {
  return ((body['data'] as Json | undefined)?.['operation'] as Json | undefined) ?? {};
}

/** HTTP status and reason of a refusal. */
export function refusalOf({ status, body }: Reply): [number, unknown] {
  return [status, body['reason']];
}

export async function startYandex(options: SandboxOptions = { seed: false }): Promise<YandexHarness> {
  return yandexOf(await startSandbox(options));
}

/** The same short ways for a sandbox that runs elsewhere. */
export function yandexOf(sandbox: Sandbox): YandexHarness {
  const controls = controlsOf(sandbox, 'yandex-pay', rub('1500.00'));
  const api: YandexHarness['api'] = (method, path, options = {}) => {
    const { body, authorization = `Api-Key ${KEY}`, requestId } = options;
    return call(`${sandbox.yandexPayUrl}${path}`, {
      method,
      headers: {
        authorization,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(requestId !== undefined && { 'x-request-id': requestId }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  };
  return {
    ...sandbox,
    ...controls,
    api,
    refund: (orderId, refundAmount, extra = {}, requestId) =>
      api('POST', `/v2/orders/${orderId}/refund`, { requestId, body: { refundAmount, ...extra } }),
    async order(orderId) {
      const { status, body, text } = await api('GET', `/v1/orders/${orderId}`);
      if (status !== 200) throw new Error(`order answered ${status}: ${text}`);
      return body['data'] as OrderData;
    },
    settle: (input) => controls.control('POST', '/control/settle', { provider: 'yandex-pay', ...input }),
  };
}
