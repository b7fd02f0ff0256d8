import type { ConnectorName, PaymentRecord } from './records.ts';

/** A ready payment of the sandbox. Ages count from the moment the sandbox was started empty or reset. */
export interface DemoPayment {
  reference: string;
  account: string;
  connector: ConnectorName;
  description: string;
  amount: { value: string; currency: string };
  status: PaymentRecord['status'];
  ageDays: number;
  consoleRefund?: { id: string; value: string; ageDays: number };
}

const DEMO = 'prism-demo';
const psp = (number: string): string => `DEMOPSP0000000${number}`;
const pay = (number: string): string => `pay_demo00000000000000000000${number}`;

/** One payment of each kind that matters for refunds, per connector, with ids that never change. */
export const DEMO_PAYMENTS: readonly DemoPayment[] = [
  {
    reference: psp('01'),
    account: DEMO,
    connector: 'adyen',
    description: 'adyen: captured, 150.00 EUR, nothing refunded yet',
    amount: { value: '150.00', currency: 'EUR' },
    status: 'captured',
    ageDays: 2,
  },
  {
    reference: psp('02'),
    account: DEMO,
    connector: 'adyen',
    description: 'adyen: captured, 150.00 EUR, of which 40.00 were refunded in the customer area',
    amount: { value: '150.00', currency: 'EUR' },
    status: 'captured',
    ageDays: 10,
    consoleRefund: { id: 'DEMOREF000000002', value: '40.00', ageDays: 3 },
  },
  {
    reference: psp('03'),
    account: DEMO,
    connector: 'adyen',
    description: 'adyen: authorised, 200.00 EUR held: cancel it',
    amount: { value: '200.00', currency: 'EUR' },
    status: 'authorized',
    ageDays: 1,
  },
  {
    reference: psp('04'),
    account: DEMO,
    connector: 'adyen',
    description: 'adyen: captured, 5000 JPY: no decimals',
    amount: { value: '5000', currency: 'JPY' },
    status: 'captured',
    ageDays: 4,
  },
  {
    reference: pay('01'),
    account: DEMO,
    connector: 'checkout',
    description: 'checkout: captured, 150.00 GBP, nothing refunded yet',
    amount: { value: '150.00', currency: 'GBP' },
    status: 'captured',
    ageDays: 2,
  },
  {
    reference: pay('02'),
    account: DEMO,
    connector: 'checkout',
    description: 'checkout: captured, 150.00 GBP, of which 40.00 were refunded in the dashboard',
    amount: { value: '150.00', currency: 'GBP' },
    status: 'captured',
    ageDays: 10,
    consoleRefund: { id: 'act_demo0000000000000000000002', value: '40.00', ageDays: 3 },
  },
  {
    reference: pay('03'),
    account: DEMO,
    connector: 'checkout',
    description: 'checkout: authorized, 200.00 GBP held: void it',
    amount: { value: '200.00', currency: 'GBP' },
    status: 'authorized',
    ageDays: 1,
  },
  {
    reference: pay('04'),
    account: DEMO,
    connector: 'checkout',
    description: 'checkout: fully refunded in the dashboard, 99.00 GBP: nothing left',
    amount: { value: '99.00', currency: 'GBP' },
    status: 'captured',
    ageDays: 20,
    consoleRefund: { id: 'act_demo0000000000000000000004', value: '99.00', ageDays: 15 },
  },
  {
    reference: pay('05'),
    account: DEMO,
    connector: 'checkout',
    description: 'checkout: captured, 99.990 KWD: three decimals',
    amount: { value: '99.990', currency: 'KWD' },
    status: 'captured',
    ageDays: 6,
  },
  {
    reference: pay('06'),
    account: 'prism-other',
    connector: 'checkout',
    description: 'checkout: captured, 50.00 GBP, of another merchant: invisible to prism-demo',
    amount: { value: '50.00', currency: 'GBP' },
    status: 'captured',
    ageDays: 2,
  },
];
