import type { Cancellation } from './records.ts';

/** Error codes of the provider with their HTTP status; `refuse` answers them as errors. */
export const ERROR_CODES: ReadonlyMap<string, number> = new Map([
  ['invalid_request', 400],
  ['not_supported', 400],
  ['invalid_credentials', 401],
  ['forbidden', 403],
  ['not_found', 404],
  ['gone', 410],
  ['too_many_requests', 429],
  ['internal_server_error', 500],
]);

const OURS = new Set(['insufficient_funds', 'yoo_money_account_closed', 'payment_basket_id_not_found']);

/** `cancellation_details` of a refund. Any word is a possible reason: the provider adds new ones without notice. */
export function refundCancellation(reason: string): Cancellation {
  return { party: OURS.has(reason) ? 'yoo_money' : 'refund_network', reason };
}
