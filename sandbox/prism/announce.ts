import type { NotificationSender } from './adyen/notifications.ts';
import type { Announce } from './connector.ts';
import type { RefundRecord } from './records.ts';

/** What tells merchants' servers. Only adyen does: what becomes of a refund at checkout is in its actions. */
export interface Announcer extends Announce {
  /** A refund ended, or one that had succeeded came back. */
  settled(refund: RefundRecord, before: RefundRecord['status']): void;
}

export function announcerOf(notifications: NotificationSender, now: () => number): Announcer {
  const tell = (refund: RefundRecord, eventCode: Parameters<NotificationSender['refund']>[1]): void => {
    if (refund.connector === 'adyen') notifications.refund(refund, eventCode, now());
  };
  return {
    refund(refund) {
      if (refund.status !== 'pending') tell(refund, 'REFUND');
    },
    settled(refund, before) {
      if (before === 'pending') tell(refund, 'REFUND');
      else tell(refund, refund.status === 'failed' ? 'REFUND_FAILED' : 'REFUNDED_REVERSED');
    },
    cancellation(payment, cancellation) {
      notifications.cancellation(payment, cancellation, now());
    },
  };
}
