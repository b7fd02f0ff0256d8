import { DAY_SECONDS } from '../calendar.ts';
import { createCabinetRefund } from './create-refund.ts';
import { CURRENCY, kopecksOf } from './amount.ts';
import { DEMO_PAYMENTS, type DemoPayment } from './demo-payments.ts';
import { opKeyOf } from './ids.ts';
import { newPayment } from './new-payment.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

const DAY_MS = DAY_SECONDS * 1_000;

/** Stores the ready payments with ages that count from `now`. */
export function seedDemoPayments(store: Store, now: number): void {
  for (const demo of DEMO_PAYMENTS) {
    const record = recordOf(store, demo, now);
    store.putPayment(record);
    const { cabinetRefund } = demo;
    if (cabinetRefund === undefined) continue;
    const minor = kopecksOf(cabinetRefund.value) ?? 0n;
    createCabinetRefund(store, record, minor, now - cabinetRefund.ageDays * DAY_MS);
  }
}

function recordOf(store: Store, demo: DemoPayment, now: number): PaymentRecord {
  const rub = (value: string) => ({ value, currency: CURRENCY });
  const made = newPayment(
    store,
    {
      account: demo.account,
      reference: demo.reference,
      amount: rub(demo.value),
      paidByBuyer: demo.paidByBuyer === undefined ? undefined : rub(demo.paidByBuyer),
      status: 'captured',
      state: String(demo.state),
      method: demo.method,
      createdAt: new Date(now - demo.ageDays * DAY_MS),
      items: demo.items?.map(({ title, quantity, unitPrice }) => ({
        id: title,
        title,
        quantity,
        unitPrice: rub(unitPrice),
      })),
    },
    now,
  );
  return { ...made, opKey: demo.opKey ?? opKeyOf(demo.reference) };
}
