/**
 * Deliveries as the providers send them, for tests of what stands around this service: `refund-federation/testing`. They
 * share no code with the receivers that take them.
 */
export type { ProviderDelivery } from './delivery.ts';
export { buildAdyenDelivery, type AdyenDelivery, type AdyenItem } from './adyen-delivery.ts';
export { buildRazorpayDelivery, type RazorpayDelivery } from './razorpay-delivery.ts';
export {
  buildRoboKassaDelivery,
  type RoboKassaResultUrl,
  type RoboKassaResultUrl2,
} from './robokassa-delivery.ts';
export { buildStripeDelivery, type StripeDelivery } from './stripe-delivery.ts';
export {
  buildYandexPayDelivery,
  yandexPayJwks,
  type YandexPayDeliveryOptions,
  type YandexPaySigningKey,
} from './yandex-pay-delivery.ts';
export { buildYooKassaDelivery, type YooKassaDelivery } from './yookassa-delivery.ts';
