import { DAY_SECONDS as DAY, plusMonths } from '../calendar.ts';

/** One `payment_method.type`, as far as refunds and holds depend on it. */
export interface Method {
  refundable: boolean;
  /** Life of a hold; undefined when the method has no holds. */
  holdSeconds?: number;
}

/**
 * Refund support: page payment-acceptance/getting-started/payment-methods. Hold life: page
 * payment-acceptance/getting-started/payment-process.
 */
export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['bank_card', { refundable: true, holdSeconds: 7 * DAY }],
  ['yoo_money', { refundable: true, holdSeconds: 7 * DAY }],
  ['sberbank', { refundable: true, holdSeconds: 7 * DAY }],
  ['tinkoff_bank', { refundable: true, holdSeconds: 7 * DAY }],
  ['sber_bnpl', { refundable: true, holdSeconds: 7 * DAY }],
  ['sber_loan', { refundable: true, holdSeconds: 2 * 3_600 }],
  ['mobile_balance', { refundable: true, holdSeconds: 6 * 3_600 }],
  ['alfa_pay', { refundable: true }],
  ['sbp', { refundable: true }],
  ['electronic_certificate', { refundable: true }],
  ['cash', { refundable: false, holdSeconds: 6 * 3_600 }],
  ['b2b_sberbank', { refundable: false }],
]);

/** The instant after which a refund request is refused: 3 years from creation, 1 year for SberPay. */
export function refundableUntil(method: string, createdAt: number): number {
  return plusMonths(createdAt, method === 'sberbank' ? 12 : 36);
}

/** The instant after which the acquirer of a card payment refuses: the refund is created and ends `payment_expired`. */
export function acquirerRefusesAfter(method: string, createdAt: number): number {
  return method === 'bank_card' ? plusMonths(createdAt, 15) : Number.POSITIVE_INFINITY;
}

/** Lists reach back this far. */
export function listedSince(now: number): number {
  return plusMonths(now, -36);
}
