/** A ready order of the sandbox. Ages count from the moment the sandbox was started empty or reset. */
export interface DemoPayment {
  reference: string;
  account: string;
  description: string;
  status: 'pending' | 'authorized' | 'captured';
  method: 'card' | 'split' | 'sbp';
  ageDays: number;
  items: readonly { id: string; title: string; quantity: string; unitPrice: string }[];
  consoleRefund?: { id: string; value: string; ageDays: number };
}

const DEMO = 'yandex-pay-demo';
const reference = (number: string): string => `yp-demo-${number}`;
const refund = (number: string): string => `9a000000-0000-4000-8000-0000000000${number}`;
const item = (
  id: string,
  title: string,
  quantity: string,
  unitPrice: string,
): DemoPayment['items'][number] => ({
  id,
  title,
  quantity,
  unitPrice,
});

/** One order of each kind that matters for refunds, with ids that never change. */
export const DEMO_PAYMENTS: readonly DemoPayment[] = [
  {
    reference: reference('01'),
    account: DEMO,
    description: 'captured, card, 1500.00 RUB: 3 mugs at 100.00, 1 kettle at 1200.00, nothing refunded yet',
    status: 'captured',
    method: 'card',
    ageDays: 2,
    items: [item('mug', 'Mug', '3', '100.00'), item('kettle', 'Kettle', '1', '1200.00')],
  },
  {
    reference: reference('02'),
    account: DEMO,
    description: 'captured, Split, 4000.00 RUB: 2 lamps at 2000.00',
    status: 'captured',
    method: 'split',
    ageDays: 4,
    items: [item('lamp', 'Lamp', '2', '2000.00')],
  },
  {
    reference: reference('03'),
    account: DEMO,
    description:
      'captured, card, 1500.00 RUB: 15 books at 100.00, of which 400.00 were refunded in the console',
    status: 'captured',
    method: 'card',
    ageDays: 10,
    items: [item('book', 'Book', '15', '100.00')],
    consoleRefund: { id: refund('03'), value: '400.00', ageDays: 3 },
  },
  {
    reference: reference('04'),
    account: DEMO,
    description: 'authorized, card, 2000.00 RUB held: cancel or capture it',
    status: 'authorized',
    method: 'card',
    ageDays: 1,
    items: [item('chair', 'Chair', '1', '2000.00')],
  },
  {
    reference: reference('05'),
    account: DEMO,
    description: 'pending, 700.00 RUB, the buyer has not paid: roll it back',
    status: 'pending',
    method: 'card',
    ageDays: 0,
    items: [item('vase', 'Vase', '1', '700.00')],
  },
  {
    reference: reference('06'),
    account: DEMO,
    description: 'captured, card, 250.00 RUB: 2.50 metres of cloth at 100.00',
    status: 'captured',
    method: 'card',
    ageDays: 3,
    items: [item('cloth', 'Cloth, metre', '2.50', '100.00')],
  },
  {
    reference: reference('07'),
    account: DEMO,
    description:
      'captured, card, 100.03 RUB: 7 bulbs at 14.29, so that many partial amounts cannot be divided',
    status: 'captured',
    method: 'card',
    ageDays: 5,
    items: [item('bulb', 'Bulb', '7', '14.29')],
  },
  {
    reference: reference('08'),
    account: DEMO,
    description: 'captured, SBP, 990.00 RUB',
    status: 'captured',
    method: 'sbp',
    ageDays: 6,
    items: [item('bag', 'Bag', '1', '990.00')],
  },
  {
    reference: reference('09'),
    account: DEMO,
    description: 'fully refunded in the console, 990.00 RUB: nothing left',
    status: 'captured',
    method: 'card',
    ageDays: 20,
    items: [item('coat', 'Coat', '1', '990.00')],
    consoleRefund: { id: refund('09'), value: '990.00', ageDays: 15 },
  },
  {
    reference: reference('10'),
    account: 'yandex-pay-other',
    description: 'captured, card, 500.00 RUB, of another merchant: invisible to yandex-pay-demo',
    status: 'captured',
    method: 'card',
    ageDays: 2,
    items: [item('cup', 'Cup', '5', '100.00')],
  },
  {
    reference: reference('11'),
    account: 'yandex-pay-uz',
    description: 'captured, Split, 350000.00 UZS: 1 rug; no minimums in the Uzbek edition',
    status: 'captured',
    method: 'split',
    ageDays: 3,
    items: [item('rug', 'Rug', '1', '350000.00')],
  },
  {
    reference: reference('12'),
    account: 'yandex-pay-uz',
    description: 'pending, 90000.00 UZS, the buyer has not paid: roll it back',
    status: 'pending',
    method: 'split',
    ageDays: 0,
    items: [item('bowl', 'Bowl', '2', '45000.00')],
  },
];
