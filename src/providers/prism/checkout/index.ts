import type { ConnectorCall } from '../connector-call.ts';
import type { CredentialsOf } from '../credentials.ts';
import { amountRules } from '../money.ts';
import type { ProviderAdapter } from '../../provider.ts';
import {
  capabilities,
  lookGapsMs,
  PENDING_NORMALLY_MS,
  recovery,
  SEND_DEADLINE_MS,
  watchAfterMs,
} from './capabilities.ts';
import { deviations } from './deviations.ts';
import { listRefunds } from './list-refunds.ts';
import { readPayment } from './payment.ts';
import { buildRefund, checkRefund, readRefund, sendRefund } from './refund.ts';
import { buildVoid, sendVoid } from './release.ts';

/** Checkout.com by way of hyperswitch-prism, for one account. */
export function checkout(call: ConnectorCall): ProviderAdapter<CredentialsOf<'checkout'>> {
  return {
    code: 'prism',
    variant: 'checkout',
    displayName: 'Prism: Checkout.com',
    wireVersion: 'prism-checkout-1',
    capabilities,
    recovery,
    deviations,
    sendDeadlineMs: SEND_DEADLINE_MS,
    lookGapsMs,
    pendingNormallyMs: PENDING_NORMALLY_MS,
    watchAfterMs,
    hidesRefundId: false,
    buildsFromFreshPayment: false,
    amountRules,
    readPayment: (access, id) => readPayment(call, access, id),
    readRefund: (access, known) => readRefund(call, access, known),
    listRefunds: (access, query) => listRefunds(call, access, query),
    checkRefund,
    buildRefund: (order) => buildRefund(call, order),
    sendRefund: (access, request, order, mayStillSend) =>
      sendRefund(call, access, request, order, mayStillSend),
    buildVoid: (target, key) => buildVoid(call, target, key),
    sendVoid: (access, request, id, mayStillSend) => sendVoid(call, access, request, id, mayStillSend),
  };
}
