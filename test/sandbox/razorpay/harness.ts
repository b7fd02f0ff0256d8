import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { call, type Controls, controlsOf, type Json, type Reply } from '../harness.ts';

export const ACCOUNT = 'acc_SimSub00000001';
export const OTHER_ACCOUNT = 'acc_SimSub00000002';
export const PARTNER = 'PartnerClient01:s3cr3t-Part/ner';

export interface CallOptions {
  body?: unknown;
  /** `X-Refund-Idempotency`. */
  key?: string | undefined;
  /** `X-Razorpay-Account`; null: no such header. */
  account?: string | null | undefined;
  authorization?: string | undefined;
  headers?: Record<string, string>;
}

/** A sandbox in this process with short ways to call Razorpay in it, as the partner for the first sub-merchant. */
export interface RazorpayHarness extends Sandbox, Controls {
  api(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** `POST /payments/{id}/refund` of minor units; without a key unless one is given. */
  refund(paymentId: string, amount: unknown, extra?: Json, key?: string): Promise<Reply>;
  settle(input: Json): Promise<Reply>;
}

export function myr(value: string): { value: string; currency: string } {
  return { value, currency: 'MYR' };
}

/** `error.description` of a refusal. */
export function descriptionOf({ body }: Reply): string {
  return String((body['error'] as Json | undefined)?.['description']);
}

export function basic(pair: string): string {
  return `Basic ${btoa(pair)}`;
}

export async function startRazorpay(options: SandboxOptions = { seed: false }): Promise<RazorpayHarness> {
  return razorpayOf(await startSandbox(options));
}

/** The same short ways for a sandbox that runs elsewhere. */
export function razorpayOf(sandbox: Sandbox): RazorpayHarness {
  const controls = controlsOf(sandbox, 'razorpay', myr('1500.00'));
  const api: RazorpayHarness['api'] = (method, path, options = {}) => {
    const { body, key, account = ACCOUNT, authorization = basic(PARTNER), headers = {} } = options;
    return call(`${sandbox.razorpayUrl}${path}`, {
      method,
      headers: {
        authorization,
        ...(account !== null && { 'x-razorpay-account': account }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'x-refund-idempotency': key }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  };
  return {
    ...sandbox,
    ...controls,
    api,
    refund: (paymentId, amount, extra = {}, key) =>
      api('POST', `/payments/${paymentId}/refund`, { key, body: { amount, ...extra } }),
    settle: (input) => controls.control('POST', '/control/settle', { provider: 'razorpay', ...input }),
  };
}
