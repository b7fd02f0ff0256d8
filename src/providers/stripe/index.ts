import { noOptions } from '../no-options.ts';
import type { Provider, ProviderAdapter } from '../provider.ts';
import { buildVoid, sendVoid } from './cancel-payment.ts';
import * as cancelRefund from './cancel-refund.ts';
import {
  capabilities,
  DEFAULT_BASE_URL,
  DEFAULT_REQUESTS_PER_SECOND,
  lookGapsMs,
  PENDING_NORMALLY_MS,
  recovery,
  SEND_DEADLINE_MS,
  watchAfterMs,
} from './capabilities.ts';
import { checkRefund } from './check-refund.ts';
import { buildRefund, sendRefund } from './create-refund.ts';
import { credentials, identityOf, type StripeCredentials } from './credentials.ts';
import { deviations } from './deviations.ts';
import { listRefunds } from './list-refunds.ts';
import { amountRules } from './money.ts';
import { readPayment } from './payment.ts';
import { readRefund } from './read-refund.ts';
import { webhooks } from './webhook.ts';
import { API_VERSION } from './wire.ts';

/**
 * Stripe: docs.stripe.com/api, version 1, in the release that `API_VERSION` names. Payments are payment intents (`pi_...`).
 * All that depends on the account is its credentials and its base URL.
 */
export const stripe: ProviderAdapter<StripeCredentials> = {
  code: 'stripe',
  variant: null,
  displayName: 'Stripe',
  wireVersion: `stripe-1-${API_VERSION}`,
  capabilities: { ...capabilities, webhooks: webhooks.events },
  recovery,
  deviations,
  sendDeadlineMs: SEND_DEADLINE_MS,
  lookGapsMs,
  pendingNormallyMs: PENDING_NORMALLY_MS,
  watchAfterMs,
  hidesRefundId: false,
  buildsFromFreshPayment: false,
  webhooks,
  readPayment,
  readRefund,
  listRefunds,
  amountRules,
  checkRefund,
  buildRefund,
  sendRefund,
  buildVoid,
  sendVoid,
  cancel: cancelRefund,
};

export const stripeProvider: Provider<StripeCredentials> = {
  code: 'stripe',
  displayName: 'Stripe',
  description: 'Stripe (stripe.com).',
  settings: {
    credentials,
    options: noOptions,
    // In the space of this provider's own code, which an account behind Prism's connector "stripe" names, too.
    identityOf,
    defaultBaseUrl: DEFAULT_BASE_URL,
    defaultRequestsPerSecond: DEFAULT_REQUESTS_PER_SECOND,
  },
  adapters: [stripe],
  adapterOf: () => stripe,
};
