import type { Logger } from 'pino';
import type { Evidence } from './vocabulary.ts';

/**
 * Everything for which somebody is called: stable codes, each with what it means and what to do. The operator's
 * guide and the metrics are made from this list.
 */
export const alertCodes = {
  ACCOUNT_CREDENTIALS_REFUSED:
    'The provider refuses the credentials of an account. Its refunds wait with their amounts reserved. Correct the configuration.',
  ACCOUNT_UNREACHABLE:
    'Calls of an account failed so often in a row that they are made rarely now. Its refunds wait. Look at the provider and the network.',
  EVENT_DELIVERY_FAILED: 'A webhook was given up after its last retry. Look at its receiver, then resend it.',
  EVENT_ENDPOINT_GONE:
    'A receiver of webhooks has answered 410: nothing is sent to it any more. Enable the endpoint, or take it out of the configuration.',
  EVENTS_LAG:
    'Events wait for longer than five minutes at an endpoint that takes them, or an old transaction holds back the feed of changes. Look for the worker, or end the transaction.',
  EXTERNAL_REFUND_NOT_ATTRIBUTABLE:
    'A refund that was made elsewhere does not say whose money it was. It lowers what is refundable and nothing else.',
  EPOCH_OPENED: 'The database was restored. Nothing is sent for a payment until it was read again.',
  FINAL_REFUND_DIFFERS:
    'The provider names another amount or end for a refund that had ended. Nothing was changed. Compare both in its console.',
  ITEM_OVERCOMMITTED:
    'Refunds of one item of a payment add up to more than was sold of it. Nothing more of it is refundable.',
  LEG_NOT_SENT_FOR_A_DAY: 'A refund waits unsent for more than a day. Send it with syncRefund, or cancel it.',
  PAYMENT_CAPTURED_SHRANK:
    'The provider names a smaller captured amount than before. The smaller one limits refunds.',
  PAYMENT_MISMATCH:
    'The provider counts other refunds of a payment than we do, at two looks apart. Compare both in its console.',
  PAYMENT_OVERCOMMITTED: 'Refunds of a payment add up to more than was captured. Nothing more is refundable.',
  PROVIDER_KEY_CONFLICT:
    'The provider knows the key of a refund with other content. No other key is tried. Look for the refund in its console.',
  PROVIDER_REFUND_BOUND_TWICE: 'The provider named one refund for two of ours. Compare both in its console.',
  PROVIDER_REFUND_SURPLUS:
    'The provider has one more refund than we made. It is recorded as EXTERNAL. Ask the provider.',
  PROVIDER_REFUND_VANISHED:
    'The provider does not know a refund any more that it had named. Nothing is concluded from that.',
  PROVIDER_STATUS_UNRECOGNISED:
    'The provider uses a status word that this release does not know. The refund stays open.',
  REFUND_AMOUNT_DIFFERS:
    'The provider returned another amount than was asked for. Decide with resolveRefund.',
  REFUND_CONTRADICTED:
    'A refund that had ended ended differently at the provider, and was moved to the truth.',
  REFUND_NEEDS_VERDICT: 'The provider never told what became of a refund. Decide with resolveRefund.',
  REFUND_PENDING_TOO_LONG:
    'A refund is under way at its provider for longer than is normal there. It is still looked at. Ask the provider.',
  REFUND_UNKNOWN_TOO_LONG:
    'Looks have not found out for a quarter of an hour whether a refund was made. They go on. Look for it in the console of the provider.',
  SELLER_OVERCOMMITTED:
    'Refunds of one seller of a payment add up to more than was captured or withheld for it.',
  WEBHOOKS_REFUSED:
    'Webhooks of an account were refused for an hour, and none was verified: its secret is missing, wrong or was replaced. Refunds are still looked at, only later; at Adyen, which cannot be asked, nothing is known of them until one is.',
} as const;

export type AlertCode = keyof typeof alertCodes;

/** Raises alerts: one error-level log line with the code, one count, and what the operator's endpoints are sent. */
export interface Alerts {
  /** @param details names of rows and safe words; never a secret and never a body */
  raise(code: AlertCode, details: Evidence, message?: string): void;
}

/** An alert as it was raised. */
export interface RaisedAlert {
  readonly code: AlertCode;
  readonly message: string;
  readonly details: Evidence;
}

/**
 * @param count hears every alert, for the metrics
 * @param tell hears every alert, for the endpoints of the operator
 */
export const createAlerts = (
  log: Logger,
  count: (code: AlertCode) => void = () => undefined,
  tell: (alert: RaisedAlert) => void = () => undefined,
): Alerts => ({
  raise(code, details, message = alertCodes[code]) {
    count(code);
    log.error({ ...details, alert: code }, message);
    tell({ code, message, details });
  },
});
