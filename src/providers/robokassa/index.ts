import type { Provider, ProviderAdapter } from '../provider.ts';
import { buildVoid, sendVoid } from './cancel-payment.ts';
import {
  capabilitiesV1,
  capabilitiesV2,
  lookGapsMs,
  PENDING_NORMALLY_MS,
  recovery,
  SEND_DEADLINE_MS,
  watchAfterMs,
} from './capabilities.ts';
import { buildV2, checkV2 } from './create-refund.ts';
import { amountRules } from './money.ts';
import { deviationsV1, deviationsV2 } from './deviations.ts';
import { readPayment } from './operation-state.ts';
import { isNotYetRefundable } from './payment.ts';
import { readRefund } from './refund-state.ts';
import { sendRefund } from './send-refund.ts';
import {
  credentials,
  DEFAULT_BASE_URL,
  DEFAULT_REFUND_BASE_URL,
  DEFAULT_REQUESTS_PER_SECOND,
  missingOf,
  options,
  REFUNDS_HOST,
  type RoboKassaCredentials,
  type RoboKassaOptions,
} from './settings.ts';
import { unavailable } from './errors.ts';
import { buildV1, checkV1 } from './v1.ts';
import { webhooks } from './webhook.ts';

/** RoboKassa with its refund API, called v2 here: docs.robokassa.ru/ru/refund-api. */
export const robokassaV2: ProviderAdapter<RoboKassaCredentials, RoboKassaOptions> = {
  code: 'robokassa',
  variant: 'v2',
  displayName: 'RoboKassa',
  wireVersion: 'robokassa-v2-1',
  capabilities: { ...capabilitiesV2, webhooks: webhooks.events },
  recovery,
  deviations: deviationsV2,
  sendDeadlineMs: SEND_DEADLINE_MS,
  lookGapsMs,
  pendingNormallyMs: PENDING_NORMALLY_MS,
  watchAfterMs,
  // GetState asks for no signature.
  hidesRefundId: true,
  buildsFromFreshPayment: false,
  isNotYetRefundable,
  webhooks,
  readPayment,
  readRefund,
  listRefunds: async () => ({
    kind: 'unavailable',
    failure: unavailable('RoboKassa lists no refunds.'),
  }),
  amountRules,
  checkRefund: checkV2,
  buildRefund: buildV2,
  sendRefund,
  buildVoid,
  sendVoid,
};

/** RoboKassa with the XML refunds that only a public client knows: for shops that have nothing else. */
export const robokassaV1: ProviderAdapter<RoboKassaCredentials, RoboKassaOptions> = {
  ...robokassaV2,
  variant: 'v1',
  displayName: 'RoboKassa (XML refunds v1)',
  wireVersion: 'robokassa-v1-1',
  capabilities: { ...capabilitiesV1, webhooks: webhooks.events },
  deviations: deviationsV1,
  checkRefund: checkV1,
  buildRefund: buildV1,
};

export const robokassaProvider: Provider<RoboKassaCredentials, RoboKassaOptions> = {
  code: 'robokassa',
  displayName: 'RoboKassa',
  description: 'RoboKassa (robokassa.ru).',
  settings: {
    credentials,
    options,
    identityOf: ({ merchantLogin }) => merchantLogin,
    missingOf,
    defaultBaseUrl: DEFAULT_BASE_URL,
    otherBaseUrlsOf: ({ refundBaseUrl }) => ({ [REFUNDS_HOST]: refundBaseUrl ?? DEFAULT_REFUND_BASE_URL }),
    defaultRequestsPerSecond: DEFAULT_REQUESTS_PER_SECOND,
  },
  adapters: [robokassaV2, robokassaV1],
  adapterOf: ({ refundApi }) => (refundApi === 'v1' ? robokassaV1 : robokassaV2),
};
