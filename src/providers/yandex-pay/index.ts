import type { Provider, ProviderAdapter } from '../provider.ts';
import { allocate } from './allocate.ts';
import { buildVoid, sendVoid } from './cancel-payment.ts';
import {
  baseUrls,
  capabilitiesOf,
  DEFAULT_REQUESTS_PER_SECOND,
  KEYS_HOST,
  keysBaseUrlOf,
  lookGapsMs,
  PENDING_NORMALLY_MS,
  recovery,
  SEND_DEADLINE_MS,
  watchAfterMs,
} from './capabilities.ts';
import { checkRefund } from './check-refund.ts';
import { buildRefund, sendRefund } from './create-refund.ts';
import { credentials, type YandexPayCredentials } from './credentials.ts';
import { deviationsOf } from './deviations.ts';
import { listRefunds, readRefund } from './list-refunds.ts';
import { amountRulesOf } from './money.ts';
import { options, type Edition, type YandexPayOptions } from './options.ts';
import { readPayment } from './payment.ts';
import { webhookReceiver } from './webhook.ts';

type YandexPayAdapter = ProviderAdapter<YandexPayCredentials, YandexPayOptions>;

/** pay.yandex.ru/docs, "Yandex Pay API", and yandex.uz/support/split-business: refunds by v2, everything else by v1. */
function adapterFor(edition: Edition, displayName: string): YandexPayAdapter {
  const rules = amountRulesOf(edition);
  const webhooks = webhookReceiver();
  return {
    code: 'yandex-pay',
    variant: edition,
    displayName,
    wireVersion: 'yandex-pay-1',
    capabilities: { ...capabilitiesOf(edition), webhooks: webhooks.events },
    recovery,
    deviations: deviationsOf(edition),
    sendDeadlineMs: SEND_DEADLINE_MS,
    lookGapsMs,
    pendingNormallyMs: PENDING_NORMALLY_MS,
    watchAfterMs,
    hidesRefundId: false,
    buildsFromFreshPayment: true,
    webhooks,
    readPayment,
    readRefund,
    listRefunds,
    amountRules: () => rules,
    allocate: (cart, wish) => allocate(cart, wish, rules),
    checkRefund: (order) => checkRefund(order, rules),
    buildRefund: (order) => buildRefund(order, rules),
    sendRefund: (access, request, order, mayStillSend) =>
      sendRefund(access, request, order, mayStillSend, rules),
    buildVoid,
    sendVoid,
  };
}

/** Yandex Pay in Russia. */
export const yandexPay = adapterFor('ru', 'Yandex Pay');

/** Yandex Split in Uzbekistan. */
export const yandexSplit = adapterFor('uz', 'Yandex Split (Uzbekistan)');

export const yandexPayProvider: Provider<YandexPayCredentials, YandexPayOptions> = {
  code: 'yandex-pay',
  displayName: 'Yandex Pay / Split',
  description: 'Yandex Pay, in Uzbekistan Yandex Split (pay.yandex.ru).',
  settings: {
    credentials,
    options,
    identityOf: ({ merchantId }) => merchantId,
    defaultBaseUrlOf: ({ edition }) => baseUrls[edition],
    otherBaseUrlsOf: (_options, baseUrl) => ({ [KEYS_HOST]: keysBaseUrlOf(baseUrl) }),
    defaultRequestsPerSecond: DEFAULT_REQUESTS_PER_SECOND,
  },
  adapters: [yandexPay, yandexSplit],
  adapterOf: ({ edition }) => (edition === 'uz' ? yandexSplit : yandexPay),
};
