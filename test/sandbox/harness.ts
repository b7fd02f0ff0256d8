import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';

export const DEMO = { shopId: '100500', secretKey: 'test_demo_yookassa_secret_key' };
export const OTHER = { shopId: '100501', secretKey: 'test_other_yookassa_secret_key' };

export type Json = Record<string, unknown>;

export interface Reply {
  status: number;
  body: Json;
  text: string;
  headers: Headers;
}

export interface CallOptions {
  body?: unknown;
  key?: string;
  shop?: { shopId: string; secretKey: string } | undefined;
  headers?: Record<string, string>;
}

/** Short ways to play everybody but the provider's client. */
export interface Controls {
  /** Calls the control API. */
  control(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Makes a payment through the control API and returns its id. */
  payment(input?: Json): Promise<string>;
  /** The ledger entry of a payment. */
  ledger(paymentId: string): Promise<LedgerEntry>;
  /** Arms a fault. */
  fault(input: Json): Promise<void>;
  /** Changes the provider's mode. */
  mode(input: Json): Promise<void>;
  /** Moves the clock. */
  advance(advanceSeconds: number): Promise<Reply>;
}

/** A sandbox in this process with short ways to call it. */
export interface Harness extends Sandbox, Controls {
  /** Calls the provider's API as the demo shop. */
  api(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** `POST /refunds` with a fresh key unless one is given. */
  refund(paymentId: string, value: string, extra?: Json, key?: string): Promise<Reply>;
}

export interface LedgerEntry {
  reference: string;
  capturedMinor: string;
  releasedMinor: string;
  voided: boolean;
  status: string;
  account: string;
  refunds: {
    id: string;
    status: string;
    amountMinor: string;
    currency: string;
    sources: { account: string; amountMinor: string; feeMinor: string }[];
    origin: string;
    providerKey: string | null;
    ourReference: string | null;
    createdAt: string;
  }[];
}

let lastKey = 0;

/** A key that no other call used. */
export function freshKey(): string {
  lastKey += 1;
  return `key-${process.pid}-${lastKey}`;
}

export function rub(value: string): { value: string; currency: string } {
  return { value, currency: 'RUB' };
}

export async function startHarness(options: SandboxOptions = {}): Promise<Harness> {
  return harnessOf(await startSandbox(options));
}

/** The same short ways for a sandbox that runs elsewhere. */
export function harnessOf(sandbox: Sandbox): Harness {
  const api: Harness['api'] = (method, path, { body, key, shop = DEMO, headers = {} } = {}) =>
    call(`${sandbox.yookassaUrl}${path}`, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${shop.shopId}:${shop.secretKey}`)}`,
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotence-key': key }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    ...sandbox,
    ...controlsOf(sandbox, 'yookassa', rub('1500.00')),
    api,
    refund(paymentId, value, extra = {}, key = freshKey()) {
      return api('POST', '/refunds', { key, body: { payment_id: paymentId, amount: rub(value), ...extra } });
    },
  };
}

/** The controls of one provider; payments have the given amount unless they say otherwise. */
export function controlsOf(sandbox: Sandbox, provider: string, amount: Json): Controls {
  const control: Controls['control'] = (method, path, body) =>
    call(`${sandbox.controlUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const expectOk = async (reply: Promise<Reply>): Promise<Json> => {
    const { status, body, text } = await reply;
    if (status !== 200) throw new Error(`control answered ${status}: ${text}`);
    return body;
  };
  return {
    control,
    async payment(input = {}) {
      const body = await expectOk(control('POST', '/control/payments', { provider, amount, ...input }));
      return String(body['reference']);
    },
    async ledger(paymentId) {
      const path = `/control/ledger?provider=${provider}&reference=${paymentId}`;
      const body = await expectOk(control('GET', path));
      const [entry] = body['payments'] as LedgerEntry[];
      if (entry === undefined) throw new Error('not in the ledger');
      return entry;
    },
    async fault(input) {
      await expectOk(control('POST', '/control/faults', { provider, ...input }));
    },
    async mode(input) {
      await expectOk(control('POST', '/control/mode', { provider, ...input }));
    },
    advance: (advanceSeconds) => control('POST', '/control/clock', { advanceSeconds }),
  };
}

/** An HTTP call whose answer is read whole. */
export async function call(url: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  return { status: answer.status, body: parse(text), text, headers: answer.headers };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}
