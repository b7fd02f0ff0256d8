import { getAccount } from './accounts.ts';
import type { PaymentRecord, RefundRecord } from './records.ts';
import type { Store } from './store.ts';
import { paymentView, refundView } from './view.ts';
import type { PaymentEvent, WebhookSender } from './webhooks.ts';

/** What tells merchants' servers, and what they are told about. */
export interface Announcer {
  store: Store;
  webhooks: WebhookSender;
  now: number;
}

const PAYMENT_EVENTS: Partial<Record<PaymentRecord['status'], PaymentEvent>> = {
  authorized: 'payment.authorized',
  captured: 'payment.captured',
  failed: 'payment.failed',
};

/** A new refund: `refund.created`, with the status that it has by now, and its end when it has one already. */
export function announceCreation(announcer: Announcer, refund: RefundRecord): void {
  announce(announcer, 'refund.created', refund);
  if (refund.speedRequested === 'optimum' && refund.speedProcessed === 'normal') {
    announce(announcer, 'refund.speed_changed', refund);
  }
  announceEnd(announcer, refund);
  lie(announcer, refund);
}

/** The end of a refund that was pending. */
export function announceSettlement(announcer: Announcer, refund: RefundRecord): void {
  announceEnd(announcer, refund);
  lie(announcer, refund);
}

/** The present state of a payment, where there is an event for it. */
export function announcePayment({ store, webhooks, now }: Announcer, payment: PaymentRecord): void {
  const event = PAYMENT_EVENTS[payment.status];
  if (event === undefined) return;
  const view = paymentView(payment, store.totals(payment.id), store.settings);
  webhooks.payment(event, getAccount(payment.scope), view, now);
}

function announceEnd(announcer: Announcer, refund: RefundRecord): void {
  if (refund.status !== 'pending') announce(announcer, `refund.${refund.status}`, refund);
}

function announce(
  { store, webhooks, now }: Announcer,
  event: Parameters<WebhookSender['refund']>[0],
  refund: RefundRecord,
): void {
  const [shown, payment] = viewsOf(store, refund, now);
  webhooks.refund(event, getAccount(refund.scope), shown, payment, now);
}

function lie({ store, webhooks, now }: Announcer, refund: RefundRecord): void {
  const [shown, payment] = viewsOf(store, refund, now);
  webhooks.forge(getAccount(refund.scope), shown, payment, now);
}

function viewsOf(store: Store, refund: RefundRecord, now: number) {
  const payment = store.payments.get(refund.paymentId);
  if (payment === undefined) throw new Error(`refund ${refund.id} without a payment`);
  const shown = paymentView(payment, store.totals(payment.id), store.settings);
  return [refundView(refund, now), shown] as const;
}
