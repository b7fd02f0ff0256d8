import { getAccount } from './accounts.ts';
import { getPaymentOf, showCharge } from './expand.ts';
import { type RefundRecord, takesMoney } from './records.ts';
import type { Store } from './store.ts';
import { refundView } from './view.ts';
import type { Cause, RefundEvent, WebhookSender } from './webhooks.ts';

/** What tells merchants' servers, and what they are told about. */
export interface Announcer {
  store: Store;
  webhooks: WebhookSender;
  now: number;
  /** The request that brought it about, if it was one. */
  cause?: Cause;
}

/** A new refund: `refund.created`, and `charge.refunded` with the charge. One that failed at once says so as well. */
export function announceCreation(announcer: Announcer, refund: RefundRecord): void {
  const { store, webhooks, now, cause } = announcer;
  announce(announcer, 'refund.created', refund);
  if (takesMoney(refund)) {
    const charge = showCharge(store, getPaymentOf(store, refund));
    webhooks.event('charge.refunded', getAccount(refund.scope), charge, versionOf(store), now, cause);
  }
  if (refund.status === 'failed') announce(announcer, 'refund.failed', refund);
  lie(announcer, refund);
}

/** A refund that is different now: `refund.updated`, its older name, and `refund.failed` when it has failed. */
export function announceChange(announcer: Announcer, refund: RefundRecord): void {
  announce(announcer, 'refund.updated', refund);
  announce(announcer, 'charge.refund.updated', refund);
  if (refund.status === 'failed') announce(announcer, 'refund.failed', refund);
  lie(announcer, refund);
}

function announce(
  { store, webhooks, now, cause }: Announcer,
  event: RefundEvent,
  refund: RefundRecord,
): void {
  const version = versionOf(store);
  webhooks.event(event, getAccount(refund.scope), refundView(refund, version, now), version, now, cause);
}

function lie({ store, webhooks, now }: Announcer, refund: RefundRecord): void {
  const version = versionOf(store);
  webhooks.forge(getAccount(refund.scope), refundView(refund, version, now), version, now);
}

function versionOf({ settings }: Store): string {
  return settings.apiVersion;
}
