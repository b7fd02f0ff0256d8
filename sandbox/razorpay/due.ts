import { returnPayment } from './create-refund.ts';
import { endRefund, putEnd } from './end-refund.ts';
import type { RefundRecord } from './records.ts';
import type { Store } from './store.ts';
import { returnsAt } from './view.ts';

/** What the clock has brought about. */
export interface Happened {
  ended: RefundRecord[];
  returned: RefundRecord[];
}

/** Ends the refunds whose time has come and gives back authorized payments that nobody captured. */
export function settleDue(store: Store, now: number): Happened {
  const ended = store.dueRefunds().flatMap((refund) => {
    const { due } = refund;
    return due === undefined || due.at > now ? [] : endRefund(store, refund, due.status, due.at);
  });
  for (const refund of ended) putEnd(store, refund);
  const returned = store
    .authorizedPayments()
    .filter((payment) => returnsAt(payment, store.settings) <= now)
    .map((payment) => returnPayment(store, payment, now));
  return { ended, returned };
}
