import type { AccountConfig } from '../../src/config/types.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { TraceReference } from '../../src/vocabulary.ts';
import { PRISM_PACKAGE_DIR } from '../native/paths.ts';
import { otherAccounts } from '../support/accounts.ts';
import {
  captureAtRobokassa,
  captureAtStripe,
  captureAtYandexPay,
  captureAtYooKassa,
  type Capture,
} from './captures.ts';

/** An account as a configuration has it, but for its limits. */
export type Configured = Omit<AccountConfig, 'maxInFlight' | 'requestsPerSecond' | 'minLookIntervalMs'>;

/** Another account of the same provider, which must not notice what happens to the subject's. */
export interface Sibling {
  readonly account: string;
  /** Whose it is; absent: `demo`, like the subject's. */
  readonly merchant?: 'other';
  /** Where the tests do not have it anyway. */
  readonly configured?: (sandbox: Sandbox) => Configured;
  readonly control: Subject['control'];
  /** Absent: the subject's. */
  readonly currency?: string;
}

/** An account of merchant `demo` at another provider. */
export interface Neighbour {
  readonly account: string;
  readonly provider: string;
  readonly currency: string;
}

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
  /** Absent: the tests have no other account there. */
  readonly sibling?: Sibling;
  /** Absent: the one at YooKassa. */
  readonly neighbour?: Neighbour;
  /** What the provider refuses for good in the send of a refund, for the control API; absent: refunds fail later, too. */
  readonly refusal?: Readonly<Record<string, string>>;
  /** Somebody captures a hold at the provider; absent: nothing is held there. */
  readonly capture?: Capture;
  /** Packages that a process of its own does not find by itself, and their folders. */
  readonly packages?: Readonly<Record<string, string>>;
  /** What its webhooks are about; absent: refunds, or both. */
  readonly tellsOf?: 'payments';
  /** In which currency there is the speed OPTIMUM; absent: in any. */
  readonly optimumCurrency?: string;
}

/** The account of the tests with this code under another name, with another identity. */
function another(
  sandbox: Sandbox,
  of: string,
  { options = {}, credentials, ...more }: Pick<Configured, 'code' | 'identity'> & Partial<Configured>,
): Configured {
  const known = otherAccounts(sandbox).find(({ code }) => code === of)!;
  return {
    ...known,
    ...more,
    displayName: more.code,
    options: { ...(known.options as object), ...(options as object) },
    credentials: { ...(known.credentials as object), ...(credentials as object) },
  };
}

const stripeOther = {
  apiKey: 'sk_test_SimStripeOther00000000002',
  accountId: 'acct_SimStripe000002',
} as const;

const robokassaOther = (options: object) => (sandbox: Sandbox) =>
  another(sandbox, 'robokassa-demo', {
    code: 'robokassa-other',
    options,
    credentials: {
      merchantLogin: 'other-shop',
      password1: 'other-pass1-secret',
      password2: 'other-pass2-secret',
      password3: 'other-pass3-secret',
    },
    identity: 'other-shop',
  });

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
  sibling: {
    account: 'stripe-other',
    configured: (sandbox: Sandbox) =>
      another(sandbox, 'stripe-demo', {
        code: 'stripe-other',
        credentials: stripeOther,
        identity: stripeOther.accountId,
      }),
    control: { provider: 'stripe', account: 'stripe-other' },
  },
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
  refusal: { code: 'NotEnoughOperationFunds' },
  capture: captureAtRobokassa,
  sibling: {
    account: 'robokassa-other',
    configured: robokassaOther({}),
    control: { provider: 'robokassa', account: 'robokassa-other' },
  },
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
    sibling: {
      account: 'yookassa-other',
      merchant: 'other',
      control: { provider: 'yookassa', account: 'yookassa-other' },
    },
    neighbour: { account: 'stripe-demo', provider: 'stripe', currency: 'USD' },
    capture: captureAtYooKassa,
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
    sibling: {
      account: 'razorpay-other',
      configured: (sandbox) =>
        another(sandbox, 'razorpay-demo', {
          code: 'razorpay-other',
          credentials: { account: 'acc_SimSub00000002' },
          identity: 'acc_SimSub00000002',
        }),
      control: { provider: 'razorpay', account: 'razorpay-other' },
    },
  },
  robokassa,
  'yandex-pay-ru': {
    ...yandexPay,
    capture: captureAtYandexPay('0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10'),
    sibling: {
      account: 'yandex-pay-uz',
      control: { provider: 'yandex-pay', account: 'yandex-pay-uz' },
      currency: 'UZS',
    },
  },
  'yandex-pay-uz': {
    ...yandexPay,
    account: 'yandex-pay-uz',
    control: { provider: 'yandex-pay', account: 'yandex-pay-uz' },
    currency: 'UZS',
    sibling: { account: 'yandex-pay-demo', control: { provider: 'yandex-pay' }, currency: 'RUB' },
  },
  'robokassa-v1': {
    ...robokassa,
    configured: (sandbox) => {
      const account = otherAccounts(sandbox).find(({ code }) => code === robokassa.account)!;
      return { ...account, options: { ...(account.options as object), refundApi: 'v1' } };
    },
    mode: { v1: 'on' },
    sibling: { ...robokassa.sibling, configured: robokassaOther({ refundApi: 'v1' }) },
  },
  stripe: {
    ...stripe,
    account: 'stripe-demo',
    control: { provider: 'stripe' },
    capture: captureAtStripe('sk_test_SimStripeDemo000000000001'),
  },
  'prism-stripe-substituted': {
    ...stripe,
    account: 'prism-demo',
    control: { provider: 'stripe', account: 'prism-demo' },
    capture: captureAtStripe('sk_test_SimStripePrism00000000003'),
    sibling: {
      ...stripe.sibling,
      configured: (sandbox) =>
        another(sandbox, 'prism-demo', {
          code: 'stripe-other',
          credentials: stripeOther,
          identity: stripeOther.accountId,
        }),
    },
  },
} as const satisfies Record<string, Subject>;

const packages = { 'hyperswitch-prism': PRISM_PACKAGE_DIR } as const;

/** By the name of their results; they need the native library of hyperswitch-prism. */
export const nativeSubjects = {
  'prism-stripe': { ...subjects['prism-stripe-substituted'], packages },
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
    packages,
    sibling: {
      account: 'checkout-other',
      configured: ({ prismUrl }) => ({
        code: 'checkout-other',
        provider: 'prism',
        displayName: 'Prism: another at Checkout.com',
        baseUrl: `${prismUrl}/checkout`,
        options: {},
        credentials: {
          connector: 'checkout',
          apiKey: 'pk_sbox_simother',
          apiSecret: 'sk_sbox_simother',
          processingChannelId: 'pc_simother0000000000000000',
        },
        identity: 'pc_simother0000000000000000',
      }),
      control: { provider: 'prism', connector: 'checkout', account: 'prism-other' },
    },
  },
} as const satisfies Record<string, Subject>;
