/** A ready payment of the sandbox. Ages count from the moment the sandbox was started empty or reset. */
export interface DemoPayment {
  reference: string;
  account: string;
  description: string;
  amount: { value: string; currency: string };
  status: 'pending' | 'waiting_for_capture' | 'succeeded' | 'canceled';
  method: string;
  ageDays: number;
  sources?: readonly { account: string; value: string; fee: string }[];
  consoleRefund?: { id: string; value: string; ageDays: number };
}

const SHOP = 'yookassa-demo';
const payment = (number: string): string => `2e000000-000f-5000-8000-0000000000${number}`;
const refund = (number: string): string => `2e000000-0015-5000-8000-0000000000${number}`;
const rub = (value: string): { value: string; currency: string } => ({ value, currency: 'RUB' });

/** One payment of each kind that matters for refunds, with ids that never change. */
export const DEMO_PAYMENTS: readonly DemoPayment[] = [
  {
    reference: payment('01'),
    account: SHOP,
    description: 'captured, card, 1500.00 RUB, nothing refunded yet',
    amount: rub('1500.00'),
    status: 'succeeded',
    method: 'bank_card',
    ageDays: 2,
  },
  {
    reference: payment('02'),
    account: SHOP,
    description: 'captured, card, 1500.00 RUB, of which 400.00 were refunded in the cabinet',
    amount: rub('1500.00'),
    status: 'succeeded',
    method: 'bank_card',
    ageDays: 10,
    consoleRefund: { id: refund('02'), value: '400.00', ageDays: 3 },
  },
  {
    reference: payment('03'),
    account: SHOP,
    description: 'authorized, card, 2000.00 RUB held: cancel or capture it',
    amount: rub('2000.00'),
    status: 'waiting_for_capture',
    method: 'bank_card',
    ageDays: 1,
  },
  {
    reference: payment('04'),
    account: SHOP,
    description: 'pending, the buyer has not paid: neither refundable nor voidable',
    amount: rub('700.00'),
    status: 'pending',
    method: 'bank_card',
    ageDays: 0,
  },
  {
    reference: payment('05'),
    account: SHOP,
    description: 'canceled, never paid',
    amount: rub('800.00'),
    status: 'canceled',
    method: 'bank_card',
    ageDays: 5,
  },
  {
    reference: payment('06'),
    account: SHOP,
    description: 'fully refunded in the cabinet, 990.00 RUB: nothing left',
    amount: rub('990.00'),
    status: 'succeeded',
    method: 'bank_card',
    ageDays: 20,
    consoleRefund: { id: refund('06'), value: '990.00', ageDays: 15 },
  },
  {
    reference: payment('07'),
    account: SHOP,
    description: 'captured, paid in cash: this method has no refunds',
    amount: rub('300.00'),
    status: 'succeeded',
    method: 'cash',
    ageDays: 4,
  },
  {
    reference: payment('08'),
    account: SHOP,
    description: 'captured more than three years ago: too old for a refund',
    amount: rub('1200.00'),
    status: 'succeeded',
    method: 'sbp',
    ageDays: 1_130,
  },
  {
    reference: payment('09'),
    account: SHOP,
    description: 'captured, split of two sellers: 900.00 (fee 90.00) and 600.00 (fee 60.00)',
    amount: rub('1500.00'),
    status: 'succeeded',
    method: 'bank_card',
    ageDays: 6,
    sources: [
      { account: '200601', value: '900.00', fee: '90.00' },
      { account: '200602', value: '600.00', fee: '60.00' },
    ],
  },
  {
    reference: payment('10'),
    account: SHOP,
    description: 'captured, card, 49.99 USD',
    amount: { value: '49.99', currency: 'USD' },
    status: 'succeeded',
    method: 'bank_card',
    ageDays: 7,
  },
  {
    reference: payment('11'),
    account: 'yookassa-other',
    description: 'captured, card, 500.00 RUB, of another shop: invisible to yookassa-demo',
    amount: rub('500.00'),
    status: 'succeeded',
    method: 'bank_card',
    ageDays: 2,
  },
];
