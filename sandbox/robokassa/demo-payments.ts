import { STATES, type StateCode } from './records.ts';

/** A ready payment of the sandbox. Ages count from the moment the sandbox was started empty or reset. */
export interface DemoPayment {
  reference: string;
  account: string;
  description: string;
  /** Roubles; what the buyer paid too, unless `paidByBuyer` says otherwise. */
  value: string;
  paidByBuyer?: string;
  state: StateCode;
  method: string;
  ageDays: number;
  /** Instead of the one that follows from the invoice. */
  opKey?: string;
  items?: readonly { title: string; quantity: string; unitPrice: string }[];
  cabinetRefund?: { value: string; ageDays: number };
}

const SHOP = 'robokassa-demo';
const CARD = 'BankCard';

/** One payment of each kind that matters for refunds, with invoice numbers that never change. */
export const DEMO_PAYMENTS: readonly DemoPayment[] = [
  {
    reference: '12345',
    account: SHOP,
    description: 'paid by card, 1500.00 RUB, nothing refunded yet',
    value: '1500.00',
    state: STATES.paid,
    method: CARD,
    ageDays: 2,
    opKey: '0C1D2E3F-4A5B-4C6D-8E7F-90A1B2C3D4E5-x1Y2z3W4v5',
  },
  {
    reference: '12346',
    account: SHOP,
    description:
      'paid by card, 1500.00 RUB, of which 400.00 were refunded in the cabinet: no look-up shows it',
    value: '1500.00',
    state: STATES.paid,
    method: CARD,
    ageDays: 10,
    cabinetRefund: { value: '400.00', ageDays: 3 },
  },
  {
    reference: '12347',
    account: SHOP,
    description: 'held on a card, 2000.00 RUB: cancel or confirm it',
    value: '2000.00',
    state: STATES.held,
    method: CARD,
    ageDays: 1,
  },
  {
    reference: '12348',
    account: SHOP,
    description: 'created, the buyer has not paid: neither refundable nor voidable',
    value: '700.00',
    state: STATES.created,
    method: CARD,
    ageDays: 0,
  },
  {
    reference: '12349',
    account: SHOP,
    description: 'cancelled, never paid',
    value: '800.00',
    state: STATES.cancelled,
    method: CARD,
    ageDays: 5,
  },
  {
    reference: '12350',
    account: SHOP,
    description: 'paid with a surcharge: the shop got 1000.00 RUB, the buyer paid 1035.00',
    value: '1000.00',
    paidByBuyer: '1035.00',
    state: STATES.paid,
    method: CARD,
    ageDays: 4,
  },
  {
    reference: '12351',
    account: SHOP,
    description: 'paid, 600.00 RUB, but not credited to the shop yet: not refundable now',
    value: '600.00',
    state: STATES.crediting,
    method: CARD,
    ageDays: 0,
  },
  {
    reference: '12352',
    account: SHOP,
    description: 'paid by card 500 days ago, 1200.00 RUB: whether that is too old is undocumented',
    value: '1200.00',
    state: STATES.paid,
    method: CARD,
    ageDays: 500,
  },
  {
    reference: '12353',
    account: SHOP,
    description: 'paid by card, 900.00 RUB, with a receipt: 2 mugs of 200.00 and 1 teapot of 500.00',
    value: '900.00',
    state: STATES.paid,
    method: CARD,
    ageDays: 3,
    items: [
      { title: 'Mug', quantity: '2', unitPrice: '200.00' },
      { title: 'Teapot', quantity: '1', unitPrice: '500.00' },
    ],
  },
  {
    reference: '12354',
    account: SHOP,
    description: 'crediting was refused and 450.00 RUB went back to the buyer: nothing left',
    value: '450.00',
    state: STATES.returned,
    method: CARD,
    ageDays: 6,
  },
  {
    reference: '12355',
    account: SHOP,
    description: 'suspended, 350.00 RUB: RoboKassa deals with it by hand',
    value: '350.00',
    state: STATES.suspended,
    method: CARD,
    ageDays: 1,
  },
  {
    reference: '12356',
    account: 'robokassa-other',
    description: 'paid by card, 500.00 RUB, of another shop: invisible to robokassa-demo',
    value: '500.00',
    state: STATES.paid,
    method: CARD,
    ageDays: 2,
  },
];
