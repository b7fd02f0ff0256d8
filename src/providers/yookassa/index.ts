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
import { buildRefund, checkRefund, sendRefund } from './create-refund.ts';
import { credentials, type YooKassaCredentials } from './credentials.ts';
import { deviations } from './deviations.ts';
import { listRefunds, readRefund } from './list-refunds.ts';
import { amountRules } from './money.ts';
import { readPayment } from './payment.ts';
import { webhooks } from './webhook.ts';

/** YooKassa (YooMoney), API v3: yookassa.ru/developers. Live and test shops share one base URL. */
export const yookassa: ProviderAdapter<YooKassaCredentials> = {
  code: 'yookassa',
  variant: null,
  displayName: 'YooKassa',
  wireVersion: 'yookassa-1',
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

export const yookassaProvider: Provider<YooKassaCredentials> = {
  code: 'yookassa',
  displayName: 'YooKassa',
  description: 'YooKassa (yookassa.ru).',
  settings: {
    credentials,
    options: noOptions,
    identityOf: ({ shopId }) => shopId,
    defaultBaseUrl: DEFAULT_BASE_URL,
    defaultRequestsPerSecond: DEFAULT_REQUESTS_PER_SECOND,
  },
  adapters: [yookassa],
  adapterOf: () => yookassa,
};
