import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { call, type Controls, controlsOf, type Json, type Reply } from '../harness.ts';

export const API_KEY = 'sk_test_SimStripeDemo000000000001';
export const OTHER_KEY = 'sk_test_SimStripeOther00000000002';
export const PRISM_KEY = 'sk_test_SimStripePrism00000000003';

export interface CallOptions {
  /** Form parameters: pairs, or the literal body. */
  body?: Record<string, string> | string;
  /** `Idempotency-Key`. */
  key?: string | undefined;
  /** The secret key; null: no `Authorization`. */
  apiKey?: string | null;
  headers?: Record<string, string>;
}

/** A sandbox in this process with short ways to call Stripe in it as `stripe-demo`. */
export interface StripeHarness extends Sandbox, Controls {
  api(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** `POST /refunds` of minor units; without a key unless one is given. */
  refund(paymentId: string, amount?: number, extra?: Record<string, string>, key?: string): Promise<Reply>;
  settle(input: Json): Promise<Reply>;
}

export function usd(value: string): { value: string; currency: string } {
  return { value, currency: 'USD' };
}

/** The `error` object of a refusal. */
export function errorOf({ body }: Reply): Json {
  return (body['error'] ?? {}) as Json;
}

export async function startStripe(options: SandboxOptions = { seed: false }): Promise<StripeHarness> {
  return stripeOf(await startSandbox(options));
}

/** The same short ways for a sandbox that runs elsewhere. */
export function stripeOf(sandbox: Sandbox): StripeHarness {
  const controls = controlsOf(sandbox, 'stripe', usd('150.00'));
  const api: StripeHarness['api'] = (method, path, options = {}) => {
    const { body, key, apiKey = API_KEY, headers = {} } = options;
    return call(`${sandbox.stripeUrl}${path}`, {
      method,
      headers: {
        ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...headers,
      },
      ...(body !== undefined && {
        body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
      }),
    });
  };
  return {
    ...sandbox,
    ...controls,
    api,
    refund: (paymentId, amount, extra = {}, key) =>
      api('POST', '/refunds', {
        key,
        body: {
          payment_intent: paymentId,
          ...(amount !== undefined && { amount: String(amount) }),
          ...extra,
        },
      }),
    settle: (input) => controls.control('POST', '/control/settle', { provider: 'stripe', ...input }),
  };
}
