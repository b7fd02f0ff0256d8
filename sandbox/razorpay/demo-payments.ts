import type { PaymentRecord } from './records.ts';

/** A ready payment of the sandbox. Ages count from the moment the sandbox was started empty or reset. */
export interface DemoPayment {
  reference: string;
  account: string;
  description: string;
  amount: { value: string; currency: string };
  status: PaymentRecord['status'];
  method: string;
  ageDays: number;
  consoleRefund?: { id: string; value: string; ageDays: number };
  traceAfterDays?: number;
}

const DEMO = 'razorpay-demo';
const payment = (number: string): string => `pay_Demo00000000${number}`;
const refund = (number: string): string => `rfnd_Demo00000000${number}`;

/** One payment of each kind that matters for refunds, with ids that never change. */
export const DEMO_PAYMENTS: readonly DemoPayment[] = [
  {
    reference: payment('01'),
    account: DEMO,
    description: 'captured, FPX, 1500.00 MYR, nothing refunded yet',
    amount: { value: '1500.00', currency: 'MYR' },
    status: 'captured',
    method: 'fpx',
    ageDays: 2,
  },
  {
    reference: payment('02'),
    account: DEMO,
    description: 'captured, UPI, 1500.00 INR, of which 400.00 were refunded in the dashboard',
    amount: { value: '1500.00', currency: 'INR' },
    status: 'captured',
    method: 'upi',
    ageDays: 10,
    consoleRefund: { id: refund('02'), value: '400.00', ageDays: 3 },
  },
  {
    reference: payment('03'),
    account: DEMO,
    description: 'authorized, card, 2000.00 MYR: goes back by itself unless it is captured; there is no void',
    amount: { value: '2000.00', currency: 'MYR' },
    status: 'authorized',
    method: 'card',
    ageDays: 1,
  },
  {
    reference: payment('04'),
    account: DEMO,
    description: 'fully refunded in the dashboard, 990.00 MYR: nothing left',
    amount: { value: '990.00', currency: 'MYR' },
    status: 'captured',
    method: 'fpx',
    ageDays: 20,
    consoleRefund: { id: refund('04'), value: '990.00', ageDays: 15 },
  },
  {
    reference: payment('05'),
    account: DEMO,
    description: 'failed, never paid',
    amount: { value: '800.00', currency: 'MYR' },
    status: 'failed',
    method: 'fpx',
    ageDays: 5,
  },
  {
    reference: payment('06'),
    account: DEMO,
    description: 'created, the buyer has not paid yet',
    amount: { value: '700.00', currency: 'MYR' },
    status: 'created',
    method: 'fpx',
    ageDays: 0,
  },
  {
    reference: payment('07'),
    account: DEMO,
    description: 'captured more than six months ago: too old for a refund',
    amount: { value: '1200.00', currency: 'MYR' },
    status: 'captured',
    method: 'fpx',
    ageDays: 200,
  },
  {
    reference: payment('08'),
    account: DEMO,
    description: 'captured, card, 5000 JPY: no decimals',
    amount: { value: '5000', currency: 'JPY' },
    status: 'captured',
    method: 'card',
    ageDays: 4,
  },
  {
    reference: payment('09'),
    account: DEMO,
    description: 'captured, card, 99.990 KWD: three decimals, the last one always 0',
    amount: { value: '99.990', currency: 'KWD' },
    status: 'captured',
    method: 'card',
    ageDays: 6,
  },
  {
    reference: payment('10'),
    account: DEMO,
    description:
      'captured, card, 700.00 MYR: refunds show their ARN two days later, the one of yesterday tomorrow',
    amount: { value: '700.00', currency: 'MYR' },
    status: 'captured',
    method: 'card',
    ageDays: 7,
    consoleRefund: { id: refund('10'), value: '200.00', ageDays: 1 },
    traceAfterDays: 2,
  },
  {
    reference: payment('11'),
    account: 'razorpay-other',
    description: 'captured, FPX, 500.00 MYR, of another sub-merchant: invisible to razorpay-demo',
    amount: { value: '500.00', currency: 'MYR' },
    status: 'captured',
    method: 'fpx',
    ageDays: 2,
  },
];
