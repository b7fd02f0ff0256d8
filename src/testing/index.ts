/**
 * Deliveries as the providers send them, and events as this service does, for tests of what stands around it:
 * `refund-federation/testing`. They share no code with the receivers that take them, nor with what sends events.
 */
export type { ProviderDelivery } from './delivery.ts';
export { buildAdyenDelivery, type AdyenDelivery, type AdyenItem } from './adyen-delivery.ts';
export {
  buildEvent,
  type TestEvent,
  type TestEventMoney,
  type TestEventOptions,
  type TestEventRefund,
} from './events.ts';
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
