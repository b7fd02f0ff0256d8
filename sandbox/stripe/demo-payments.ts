/** A ready payment of the sandbox. Ages count from the moment the sandbox was started empty or reset. */
export interface DemoPayment {
  reference: string;
  account: string;
  description: string;
  amount: { value: string; currency: string };
  status: 'requires_payment_method' | 'requires_capture' | 'succeeded';
  ageDays: number;
  declined?: true;
  disputed?: true;
  consoleRefund?: { id: string; value: string; ageDays: number };
}

/** The kinds that every demo account has. `number` ends the ids of the payment and of its dashboard refund. */
const KINDS: readonly (Omit<DemoPayment, 'reference' | 'account' | 'consoleRefund'> & {
  number: string;
  refunded?: { value: string; ageDays: number };
})[] = [
  {
    number: '01',
    description: 'captured, card, 150.00 USD, nothing refunded yet',
    amount: { value: '150.00', currency: 'USD' },
    status: 'succeeded',
    ageDays: 2,
  },
  {
    number: '02',
    description: 'captured, card, 150.00 USD, of which 40.00 were refunded in the dashboard',
    amount: { value: '150.00', currency: 'USD' },
    status: 'succeeded',
    ageDays: 10,
    refunded: { value: '40.00', ageDays: 3 },
  },
  {
    number: '03',
    description: 'requires capture, card, 200.00 USD held: cancel or capture it',
    amount: { value: '200.00', currency: 'USD' },
    status: 'requires_capture',
    ageDays: 1,
  },
  {
    number: '04',
    description: 'captured, card, 5000 JPY: no decimals',
    amount: { value: '5000', currency: 'JPY' },
    status: 'succeeded',
    ageDays: 4,
  },
  {
    number: '05',
    description: 'captured, card, 99.990 KWD: three decimals, the last one always 0',
    amount: { value: '99.990', currency: 'KWD' },
    status: 'succeeded',
    ageDays: 5,
  },
  {
    number: '06',
    description: 'fully refunded in the dashboard, 99.00 USD: nothing left',
    amount: { value: '99.00', currency: 'USD' },
    status: 'succeeded',
    ageDays: 20,
    refunded: { value: '99.00', ageDays: 15 },
  },
  {
    number: '07',
    description: 'requires a payment method: the card was declined, nothing was paid',
    amount: { value: '80.00', currency: 'USD' },
    status: 'requires_payment_method',
    ageDays: 3,
    declined: true,
  },
  {
    number: '08',
    description: 'captured and disputed, 70.00 USD: cannot be refunded',
    amount: { value: '70.00', currency: 'USD' },
    status: 'succeeded',
    ageDays: 30,
    disputed: true,
  },
  {
    number: '09',
    description: 'captured more than a year ago, 120.00 USD: too old for a refund',
    amount: { value: '120.00', currency: 'USD' },
    status: 'succeeded',
    ageDays: 400,
  },
];

/** One payment of each kind that matters for refunds, with ids that never change. */
export const DEMO_PAYMENTS: readonly DemoPayment[] = [
  ...paymentsOf('stripe-demo', '3DemoStripe00000000000'),
  ...paymentsOf('prism-demo', '3DemoPrism000000000000'),
  {
    reference: 'pi_3DemoOther00000000000001',
    account: 'stripe-other',
    description: 'captured, card, 50.00 USD, of another account: invisible to stripe-demo',
    amount: { value: '50.00', currency: 'USD' },
    status: 'succeeded',
    ageDays: 2,
  },
];

function paymentsOf(account: string, stem: string): DemoPayment[] {
  return KINDS.map(({ number, refunded, ...kind }) => ({
    ...kind,
    reference: `pi_${stem}${number}`,
    account,
    ...(refunded !== undefined && { consoleRefund: { id: `re_${stem}${number}`, ...refunded } }),
  }));
}
