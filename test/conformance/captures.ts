import { createHash } from 'node:crypto';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** Somebody else takes the whole of a hold, by the provider's own API. */
export type Capture = (sandbox: Sandbox, payment: string, value: string) => Promise<Response>;

const post = (url: string, headers: Record<string, string>, body: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers, body });

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** yookassa.ru/developers, "Payments", "Capture a payment". */
export const captureAtYooKassa: Capture = ({ yookassaUrl }, payment) => {
  const basic = Buffer.from('100500:test_demo_yookassa_secret_key').toString('base64');
  const headers = { ...json, authorization: `Basic ${basic}`, 'idempotence-key': `capture-${payment}` };
  return post(`${yookassaUrl}/payments/${payment}/capture`, headers, '{}');
};

/** docs.stripe.com/api/payment_intents/capture. */
export const captureAtStripe =
  (apiKey: string): Capture =>
  ({ stripeUrl }, payment) =>
    post(
      `${stripeUrl}/payment_intents/${payment}/capture`,
      { ...form, authorization: `Bearer ${apiKey}` },
      '',
    );

/** docs.robokassa.ru/ru/holding, "Confirm". */
export const captureAtRobokassa: Capture = ({ robokassaUrl }, payment, value) => {
  const signed = ['demo-shop', value, payment, 'pass1-secret'].join(':');
  const fields = {
    MerchantLogin: 'demo-shop',
    InvoiceID: payment,
    OutSum: value,
    SignatureValue: createHash('md5').update(signed).digest('hex'),
  };
  return post(`${robokassaUrl}/Merchant/Payment/Confirm`, form, new URLSearchParams(fields).toString());
};

/** pay.yandex.ru/docs, "Yandex Pay API", "Capture an order". */
export const captureAtYandexPay =
  (apiKey: string): Capture =>
  ({ yandexPayUrl }, payment, value) => {
    const headers = { ...json, authorization: `Api-Key ${apiKey}`, 'x-request-id': `capture-${payment}` };
    const body = JSON.stringify({ externalOperationId: `capture-${payment}`, orderAmount: value });
    return post(`${yandexPayUrl}/v1/orders/${payment}/capture`, headers, body);
  };
