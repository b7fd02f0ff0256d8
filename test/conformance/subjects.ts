import type { TraceReference } from '../../src/vocabulary.ts';

/** What is particular to one provider's world, so that scenarios need not know it. */
export interface Subject {
  /** The code of its account in test/support/accounts.ts or world.ts. */
  readonly account: string;
  /** Whom the control API is told about. */
  readonly control: { readonly provider: string; readonly account?: string };
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
  /** The mode in which a refund can still be stopped; absent: as every pending one. */
  readonly stoppableMode?: string;
  /** The operation whose answer tells the status and the amount of a refund; absent: that which makes it. */
  readonly tellsBy?: 'getRefund' | 'getPayment';
  /** How a payment is made whose refund gets this number; absent: the sandbox has none. */
  readonly traces?: Readonly<Partial<Record<TraceReference['kind'], Readonly<Record<string, unknown>>>>>;
  /** The bank tells a number when the refund is settled, and which. */
  readonly tracesBySettling?: true;
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
  stripe: { ...stripe, account: 'stripe-demo', control: { provider: 'stripe' } },
  'prism-stripe-substituted': {
    ...stripe,
    account: 'prism-demo',
    control: { provider: 'stripe', account: 'prism-demo' },
  },
} as const satisfies Record<string, Subject>;
