import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { call, type Controls, controlsOf, type Json, type Reply } from '../harness.ts';

export const MERCHANT = 'SimDemoECOM';

export interface CallOptions {
  body?: unknown;
  /** The credential of the connector; another merchant's, or null for none. */
  secret?: string | null;
}

/** A sandbox in this process with short ways to call the connectors in it, as `prism-demo`. */
export interface PrismHarness extends Sandbox, Controls {
  adyen(method: string, path: string, options?: CallOptions): Promise<Reply>;
  checkout(method: string, path: string, options?: CallOptions): Promise<Reply>;
  adyenPayment(input?: Json): Promise<string>;
  checkoutPayment(input?: Json): Promise<string>;
  /** `POST /v68/payments/{psp}/refunds` of minor units. */
  adyenRefund(psp: string, value: unknown, extra?: Json): Promise<Reply>;
  /** `POST /payments/{id}/refunds` of minor units. */
  checkoutRefund(id: string, amount: unknown, extra?: Json): Promise<Reply>;
  settle(input: Json): Promise<Reply>;
}

export function eur(value: string): { value: string; currency: string } {
  return { value, currency: 'EUR' };
}

export async function startPrism(options: SandboxOptions = { seed: false }): Promise<PrismHarness> {
  const sandbox = await startSandbox(options);
  const controls = controlsOf(sandbox, 'prism', eur('150.00'));
  const ask =
    (connector: string, headersOf: (secret: string) => Record<string, string>, usual: string) =>
    (method: string, path: string, { body, secret = usual }: CallOptions = {}): Promise<Reply> =>
      call(`${sandbox.prismUrl}/${connector}${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(secret !== null && headersOf(secret)),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
  const adyen = ask('adyen', (secret) => ({ 'x-api-key': secret }), 'AQE-sim-demo-api-key');
  const checkout = ask('checkout', (secret) => ({ authorization: `Bearer ${secret}` }), 'sk_sbox_simdemo');
  return {
    ...sandbox,
    ...controls,
    adyen,
    checkout,
    adyenPayment: (input = {}) => controls.payment({ connector: 'adyen', ...input }),
    checkoutPayment: (input = {}) => controls.payment({ connector: 'checkout', ...input }),
    adyenRefund: (psp, value, extra = {}) =>
      adyen('POST', `/v68/payments/${psp}/refunds`, {
        body: { merchantAccount: MERCHANT, amount: { currency: 'EUR', value }, reference: 'r1', ...extra },
      }),
    checkoutRefund: (id, amount, extra = {}) =>
      checkout('POST', `/payments/${id}/refunds`, { body: { amount, reference: 'r1', ...extra } }),
    settle: (input) => controls.control('POST', '/control/settle', { provider: 'prism', ...input }),
  };
}
