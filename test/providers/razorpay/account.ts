import { plainOrder } from '../known-refund.ts';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { AccountAccess, RefundOrder } from '../../../src/providers/provider.ts';
import type { RazorpayCredentials } from '../../../src/providers/razorpay/credentials.ts';
import {
  type Script,
  type ScriptedProvider,
  type SeenRequest,
  startScriptedProvider,
} from '../../support/scripted-provider.ts';

export const PAYMENT_ID = 'pay_SimPayment0001';
export const OTHER_PAYMENT_ID = 'pay_SimPayment0002';
export const REFUND_ID = 'rfnd_SimRefund00001';
export const KEY = '0123456789abcdef0123456789abcdef01234567';
/** Two days after the payment. */
export const NOW = new Date('2026-11-22T12:00:00Z');
export const unix = (text: string): number => Date.parse(text) / 1000;

export const partner: RazorpayCredentials = {
  clientId: 'PartnerClient01',
  clientSecret: 's3cr3t-Part/ner',
  account: 'acc_SimSub00000001',
};
export const merchant: RazorpayCredentials = { keyId: 'rzp_test_SimKey01', keySecret: 'SimKeySecret' };

/** A captured payment of 1500.00 MYR as Razorpay describes it. */
export function payment(more: object = {}): object {
  return {
    id: PAYMENT_ID,
    entity: 'payment',
    amount: 150000,
    currency: 'MYR',
    status: 'captured',
    order_id: 'order_SimOrder000001',
    international: false,
    method: 'fpx',
    amount_refunded: 0,
    refund_status: null,
    captured: true,
    notes: [],
    acquirer_data: { bank_transaction_id: '9051224' },
    created_at: unix('2026-11-20T09:15:04Z'),
    ...more,
  };
}

/** A processed refund of 400.00 MYR, made in the dashboard. */
export function refund(more: object = {}): object {
  return {
    id: REFUND_ID,
    entity: 'refund',
    amount: 40000,
    currency: 'MYR',
    payment_id: PAYMENT_ID,
    notes: [],
    receipt: null,
    ...plainOrder,
    acquirer_data: { arn: null },
    created_at: unix('2026-11-21T10:00:30Z'),
    batch_id: null,
    status: 'processed',
    speed_processed: 'normal',
    speed_requested: 'normal',
    ...more,
  };
}

/** The number-th refund, with an id of its own. */
export const numbered = (number: number, more: object = {}): object =>
  refund({ id: `rfnd_${String(number).padStart(14, '0')}`, ...more });

export const list = (...items: object[]): object => ({ entity: 'collection', count: items.length, items });

export const wireError = (more: object = {}): object => ({
  error: {
    code: 'BAD_REQUEST_ERROR',
    description: 'Whatever the provider likes to say today',
    source: 'NA',
    step: 'NA',
    reason: 'NA',
    metadata: {},
    ...more,
  },
});
export const said = (description: string, status = 400): Script => ({
  status,
  body: wireError({ description }),
});
export const noSuchId = said('The id provided does not exist');

export const order: RefundOrder = {
  providerPaymentId: PAYMENT_ID,
  amount: { minor: 40000n, currency: 'MYR' },
  providerKey: KEY,
  metadata: {},
  receipt: null,
  ...plainOrder,
};

export interface Account {
  readonly access: AccountAccess<RazorpayCredentials>;
  readonly provider: ScriptedProvider;
}

/** An account at a provider that answers by `script`; both are closed with the test. */
export async function openAccount(
  script: (request: SeenRequest) => Script,
  credentials: RazorpayCredentials = partner,
): Promise<Account> {
  const provider = await startScriptedProvider(script);
  const http = createAccountHttp({
    accountCode: 'curlec',
    provider: 'razorpay',
    baseUrl: `${provider.url}/v1`,
    maxInFlight: 4,
    requestsPerSecond: 10_000,
    log: pino({ level: 'silent' }),
    clock: { now: () => NOW, monotonicMs: () => performance.now() },
  });
  onTestFinished(async () => {
    await http.close();
    await provider.close();
  });
  return { access: { code: 'curlec', credentials, options: {}, http, clock: { now: () => NOW } }, provider };
}

/** What the provider holds when it is asked again. */
export interface State {
  readonly payment?: Script;
  readonly refunds?: Script;
}

/** Answers POST by `post`, GET by `state`. */
export function scriptOf(post: Script, state: State = {}): (request: SeenRequest) => Script {
  return ({ method, path }) => {
    if (method === 'POST') return post;
    if (path.includes('/refunds')) return state.refunds ?? { body: list() };
    return state.payment ?? { body: payment() };
  };
}
