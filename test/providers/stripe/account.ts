import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { AccountAccess, RefundOrder } from '../../../src/providers/provider.ts';
import type { StripeCredentials } from '../../../src/providers/stripe/credentials.ts';
import {
  type Script,
  type ScriptedProvider,
  type SeenRequest,
  startScriptedProvider,
} from '../../support/scripted-provider.ts';
import { plainOrder } from '../known-refund.ts';

export const PAYMENT_ID = 'pi_3SimPayment000000000001';
export const OTHER_PAYMENT_ID = 'pi_3SimPayment000000000002';
export const REFUND_ID = 're_3SimRefund0000000000001';
export const KEY = '0123456789abcdef0123456789abcdef01234567';
export const NOW = new Date('2026-11-22T12:00:00Z');
export const unix = (text: string): number => Date.parse(text) / 1000;

export const credentials: StripeCredentials = {
  apiKey: 'sk_test_SimStripeDemo000000000001',
  accountId: 'acct_SimStripe000001',
};

/** The charge of a payment as `expand` shows it. */
export const charge = (more: object = {}): object => ({
  id: 'ch_3SimPayment000000000001',
  object: 'charge',
  amount: 150000,
  amount_captured: 150000,
  amount_refunded: 0,
  captured: true,
  disputed: false,
  payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242' } },
  refunded: false,
  ...more,
});

/** A captured payment of 1500.00 EUR as Stripe describes it. */
export const payment = (more: object = {}): object => ({
  id: PAYMENT_ID,
  object: 'payment_intent',
  amount: 150000,
  amount_capturable: 0,
  amount_received: 150000,
  currency: 'eur',
  status: 'succeeded',
  capture_method: 'automatic',
  created: unix('2026-11-20T09:15:04Z'),
  latest_charge: charge(),
  metadata: { order_id: 'order-17' },
  payment_method_types: ['card', 'link'],
  ...more,
});

/** A succeeded refund of 400.00 EUR, made in the dashboard. */
export const refund = (more: object = {}): object => ({
  id: REFUND_ID,
  object: 'refund',
  amount: 40000,
  charge: 'ch_3SimPayment000000000001',
  created: unix('2026-11-21T10:00:30Z'),
  currency: 'eur',
  destination_details: {
    card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
    type: 'card',
  },
  metadata: {},
  payment_intent: PAYMENT_ID,
  reason: null,
  receipt_number: null,
  status: 'succeeded',
  ...more,
});

/** The number-th refund, with an id of its own. */
export const numbered = (number: number, more: object = {}): object =>
  refund({ id: `re_${String(number).padStart(14, '0')}`, ...more });

export const page = (data: readonly object[], hasMore = false): object => ({
  object: 'list',
  url: '/v1/refunds',
  has_more: hasMore,
  data,
});

export const wireError = (more: object = {}): object => ({
  error: { type: 'invalid_request_error', message: 'Whatever Stripe likes to say today', ...more },
});
export const coded = (code: string, status = 400, more: object = {}): Script => ({
  status,
  body: wireError({ code, ...more }),
});
export const missing = (param = 'id'): Script => coded('resource_missing', 404, { param });

export const order: RefundOrder = {
  providerPaymentId: PAYMENT_ID,
  amount: { minor: 40000n, currency: 'EUR' },
  providerKey: KEY,
  metadata: {},
  receipt: null,
  ...plainOrder,
};

export interface Account {
  readonly access: AccountAccess<StripeCredentials>;
  readonly provider: ScriptedProvider;
}

/** An account at a provider that answers by `script`; both are closed with the test. */
export async function openAccount(script: (request: SeenRequest) => Script): Promise<Account> {
  const provider = await startScriptedProvider(script);
  const clock = { now: () => NOW, monotonicMs: () => performance.now() };
  const http = createAccountHttp({
    accountCode: 'stripe',
    provider: 'stripe',
    baseUrl: `${provider.url}/v1`,
    maxInFlight: 4,
    requestsPerSecond: 10_000,
    log: pino({ level: 'silent' }),
    clock,
  });
  onTestFinished(async () => {
    await http.close();
    await provider.close();
  });
  return { access: { code: 'stripe', credentials, options: {}, http, clock }, provider };
}

/** What the provider holds when it is asked again. */
export interface State {
  readonly payment?: Script;
  readonly refunds?: Script;
  readonly refund?: Script;
}

/** Answers POST by `answer`, GET by `state`. */
export function scriptOf(answer: Script, state: State = {}): (request: SeenRequest) => Script {
  return ({ method, path }) => {
    if (method === 'POST') return answer;
    if (path.startsWith('/v1/refunds/')) return state.refund ?? { body: refund() };
    if (path.startsWith('/v1/refunds?')) return state.refunds ?? { body: page([]) };
    return state.payment ?? { body: payment() };
  };
}
