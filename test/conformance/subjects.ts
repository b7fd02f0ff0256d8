import type { AccountConfig } from '../../src/config/types.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { TraceReference } from '../../src/vocabulary.ts';
import { otherAccounts } from '../support/accounts.ts';

/** An account as a configuration has it, but for its limits. */
export type Configured = Omit<AccountConfig, 'maxInFlight' | 'requestsPerSecond' | 'minLookIntervalMs'>;

/** What is particular to one provider's world, so that scenarios need not know it. */
export interface Subject {
  /** The code of its account. */
  readonly account: string;
  /** That account, where the tests do not have it anyway. */
  readonly configured?: (sandbox: Sandbox) => Configured;
  /** Whom the control API is told about. */
  readonly control: { readonly provider: string; readonly account?: string; readonly connector?: string };
  readonly currency: string;
  readonly otherCurrency: string;
  /** Of every payment, and of most refunds: four parts are the whole. Decimals. */
  readonly whole: string;
  readonly part: string;
  /** Above what is left when nothing was refunded. */
  readonly tooMuch: string;
  /** The form of an id, and no payment. */
  readonly unknownPayment: string;
  /** How old a payment is that cannot be refunded any more; absent: no such age is known. */
  readonly tooOldDays?: number;
  /** A payment of two sellers, for the control API; absent: there are none. */
  readonly split?: readonly { readonly account: string; readonly amount: string }[];
  /** The lines of a payment, for the control API, whose first costs a part; absent: there are none. */
  readonly items?: readonly { readonly id: string; readonly quantity: string; readonly unitPrice: string }[];
  /** The tax rate of an item of a receipt; absent: number 1. */
  readonly receiptTax?: { readonly tax: string };
  /** How the provider is besides, for the control API. */
  readonly mode?: Readonly<Record<string, unknown>>;
  /** The mode in which a refund can still be stopped; absent: as every pending one. */
  readonly stoppableMode?: string;
  /** The operation whose answer tells the status and the amount of a refund; absent: that which makes it. */
  readonly tellsBy?: 'getRefund' | 'getPayment' | 'listRefunds';
  /** How a payment is made whose refund gets this number; absent: the sandbox has none. */
  readonly traces?: Readonly<Partial<Record<TraceReference['kind'], Readonly<Record<string, unknown>>>>>;
  /** The bank tells a number when the refund is settled, and which. */
  readonly tracesBySettling?: true;
  /** What its webhooks are about; absent: refunds, or both. */
  readonly tellsOf?: 'payments';
  /** In which currency there is the speed OPTIMUM; absent: in any. */
  readonly optimumCurrency?: string;
}

const rubles = {
  currency: 'RUB',
  otherCurrency: 'USD',
  whole: '1000.00',
  part: '250.00',
  tooMuch: '1000.01',
} as const;

const dollars = { ...rubles, currency: 'USD', otherCurrency: 'EUR' } as const;

const stripe = {
  ...dollars,
  unknownPayment: 'pi_3Nobody0000000000000001',
  stoppableMode: 'requires_action',
  traces: { ARN: {}, RRN: {} },
  tracesBySettling: true,
} as const;

const yandexPay = {
  ...rubles,
  account: 'yandex-pay-demo',
  control: { provider: 'yandex-pay' },
  unknownPayment: 'no-such-order',
  items: [
    { id: 'cup', quantity: '2', unitPrice: '250.00' },
    { id: 'pot', quantity: '1', unitPrice: '500.00' },
  ],
} as const;

const robokassa = {
  ...rubles,
  account: 'robokassa-demo',
  control: { provider: 'robokassa' },
  unknownPayment: '999999999',
  receiptTax: { tax: 'vat20' },
  tellsBy: 'getRefund',
  tellsOf: 'payments',
} as const;

/** By the name of their results. */
export const subjects = {
  yookassa: {
    ...rubles,
    account: 'yookassa-demo',
    control: { provider: 'yookassa' },
    unknownPayment: '2e000000-000f-5000-8000-00000000ffff',
    tooOldDays: 1200,
    split: [
      { account: '200601', amount: '750.00' },
      { account: '200602', amount: '250.00' },
    ],
    traces: { RRN: {}, OTHER: { method: 'sbp' } },
  },
  razorpay: {
    ...rubles,
    currency: 'MYR',
    account: 'razorpay-demo',
    control: { provider: 'razorpay' },
    unknownPayment: 'pay_Nobody00000001',
    tooOldDays: 200,
    optimumCurrency: 'INR',
    traces: { ARN: { method: 'card' }, RRN: { method: 'upi' }, UTR: { method: 'netbanking' } },
  },
  robokassa,
  'yandex-pay-ru': yandexPay,
  'yandex-pay-uz': {
    ...yandexPay,
    account: 'yandex-pay-uz',
    control: { provider: 'yandex-pay', account: 'yandex-pay-uz' },
    currency: 'UZS',
  },
  'robokassa-v1': {
    ...robokassa,
    configured: (sandbox) => {
      const account = otherAccounts(sandbox).find(({ code }) => code === robokassa.account)!;
      return { ...account, options: { ...(account.options as object), refundApi: 'v1' } };
    },
    mode: { v1: 'on' },
  },
  stripe: { ...stripe, account: 'stripe-demo', control: { provider: 'stripe' } },
  'prism-stripe-substituted': {
    ...stripe,
    account: 'prism-demo',
    control: { provider: 'stripe', account: 'prism-demo' },
  },
} as const satisfies Record<string, Subject>;

/** By the name of their results; they need the native library of hyperswitch-prism. */
export const nativeSubjects = {
  'prism-stripe': subjects['prism-stripe-substituted'],
  'prism-checkout': {
    ...rubles,
    currency: 'GBP',
    account: 'prism-checkout',
    configured: ({ prismUrl }) => ({
      code: 'prism-checkout',
      provider: 'prism',
      displayName: 'Prism: Checkout.com',
      baseUrl: `${prismUrl}/checkout`,
      options: {},
      credentials: {
        connector: 'checkout',
        apiKey: 'pk_sbox_simdemo',
        apiSecret: 'sk_sbox_simdemo',
        processingChannelId: 'pc_simdemo00000000000000000',
      },
      identity: 'pc_simdemo00000000000000000',
    }),
    control: { provider: 'prism', connector: 'checkout' },
    unknownPayment: 'pay_nobody00000000000000000000',
    tellsBy: 'listRefunds',
  },
} as const satisfies Record<string, Subject>;
