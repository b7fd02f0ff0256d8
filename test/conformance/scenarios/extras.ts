import { SUCCEEDED, type Outcome, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const missing: Outcome = { errors: ['CAPABILITY_MISSING'], effects: 0, sends: 0, returned: 'nothing' };
const part: Outcome = { ends: [SUCCEEDED], effects: 1, returned: 'part' };

const withSpeed = (speed: 'NORMAL' | 'OPTIMUM'): Scenario => ({
  name: `speed ${speed}`,
  needs: `refundSpeeds.${speed}`,
  without: missing,
  expects: part,
  async does(s) {
    const { whole, part: value, currency: usual, optimumCurrency = usual } = s.subject;
    const currency = speed === 'OPTIMUM' ? optimumCurrency : usual;
    const payment = await s.payment({ amount: { value: whole, currency } });
    await s.refund(payment, { speed, amount: s.money(value, currency) });
    await s.untilEnded();
  },
});

const receiptOf = (s: Stage) => ({
  customer: { email: 'payer@example.com' },
  items: [
    {
      description: 'A quarter',
      quantity: '1',
      unitPrice: { value: s.subject.part, currency: s.subject.currency },
      ...(s.subject.receiptTax ?? { vatCode: 1 }),
      paymentMode: 'full_payment',
      paymentSubject: 'commodity',
    },
  ],
});

/** Two cups for a part each, and a pot; without items where the provider has none. */
function paymentOfItems(s: Stage): Promise<string> {
  const { items, currency } = s.subject;
  if (items === undefined) return s.payment();
  return s.payment({
    items: items.map(({ unitPrice: value, ...item }) => ({
      ...item,
      title: item.id,
      unitPrice: { value, currency },
    })),
  });
}

export const extras: readonly Scenario[] = [
  {
    name: 'items',
    needs: 'itemRefunds',
    without: missing,
    expects: part,
    async does(s) {
      await s.refund(await paymentOfItems(s), { amount: { items: [{ item: 'cup', quantity: '1' }] } });
      await s.untilEnded();
    },
  },
  {
    name: 'more items than there are',
    needs: 'itemRefunds',
    expects: { errors: ['AMOUNT_EXCEEDS_REFUNDABLE'], effects: 0, sends: 0, returned: 'nothing' },
    async does(s) {
      await s.refund(await paymentOfItems(s), { amount: { items: [{ item: 'cup', quantity: '3' }] } });
    },
  },
  {
    name: 'the same item is refunded by five at once',
    rows: ['g'],
    needs: 'itemRefunds',
    expects: {
      ends: [SUCCEEDED, SUCCEEDED],
      errors: Array<string>(3).fill('AMOUNT_EXCEEDS_REFUNDABLE'),
      effects: 2,
      sends: 2,
      returned: 'two parts',
    },
    async does(s) {
      const payment = await paymentOfItems(s);
      const asked = { amount: { items: [{ item: 'cup', quantity: '1' }] }, waitMs: 500 };
      await Promise.all(Array.from({ length: 5 }, () => s.refund(payment, asked)));
      await s.untilAnswered();
      await s.untilEnded();
    },
  },
  {
    name: 'an amount is laid over the items, and what remains goes back',
    needs: 'itemRefunds',
    expects: { ends: [SUCCEEDED, SUCCEEDED], effects: 2, returned: 'whole' },
    async does(s) {
      const payment = await paymentOfItems(s);
      await s.refund(payment);
      await s.untilEnded();
      await s.refund(payment, { amount: { remaining: true } });
      await s.untilEnded();
    },
  },
  {
    name: 'one seller of a split payment',
    needs: 'splitRefunds',
    expects: part,
    async does(s) {
      const { split = [], currency, part: value } = s.subject;
      const sources = split.map(({ account, amount }) => ({ account, amount: { value: amount, currency } }));
      const payment = await s.payment({ sources });
      await s.refund(payment, {
        amount: { sources: [{ seller: split[0]?.account, amount: { value, currency } }] },
        feeBearer: 'SELLER',
      });
      await s.untilEnded();
    },
  },
  {
    name: 'every seller of a split payment',
    needs: 'splitRefunds',
    expects: { ends: [SUCCEEDED], effects: 1, returned: 'whole' },
    async does(s) {
      const { split = [], currency } = s.subject;
      const sources = split.map(({ account, amount }) => ({ account, amount: { value: amount, currency } }));
      await s.refund(await s.payment({ sources }), { amount: { remaining: true }, feeBearer: 'SELLER' });
      await s.untilEnded();
    },
  },
  {
    name: 'receipt',
    needs: 'receipts',
    without: missing,
    expects: part,
    async does(s) {
      await s.refund(await s.payment(), { receipt: receiptOf(s) });
      await s.untilEnded();
    },
  },
  withSpeed('NORMAL'),
  withSpeed('OPTIMUM'),
];
