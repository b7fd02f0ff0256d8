import type { Provider, ProviderAdapter } from '../provider.ts';
import { noOptions } from '../no-options.ts';
import { buildVoid, sendVoid } from './cancel-payment.ts';
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
import { credentials, identityOf, type RazorpayCredentials } from './credentials.ts';
import { deviations } from './deviations.ts';
import { listRefunds } from './list-refunds.ts';
import { amountRules } from './money.ts';
import { readPayment } from './payment.ts';
import { readRefund } from './read-refund.ts';
import { webhooks } from './webhook.ts';

/** Razorpay and, in Malaysia, Curlec: razorpay.com/docs/api, version 1. Live and test mode share one base URL. */
export const razorpay: ProviderAdapter<RazorpayCredentials> = {
  code: 'razorpay',
  variant: null,
  displayName: 'Razorpay / Curlec',
  wireVersion: 'razorpay-1',
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
};

export const razorpayProvider: Provider<RazorpayCredentials> = {
  code: 'razorpay',
  displayName: 'Razorpay / Curlec',
  description: 'Razorpay, in Malaysia Curlec (razorpay.com).',
  settings: {
    credentials,
    options: noOptions,
    identityOf,
    defaultBaseUrl: DEFAULT_BASE_URL,
    defaultRequestsPerSecond: DEFAULT_REQUESTS_PER_SECOND,
  },
  adapters: [razorpay],
  adapterOf: () => razorpay,
};
