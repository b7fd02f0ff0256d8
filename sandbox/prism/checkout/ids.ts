import { mint } from '../ids.ts';

const BASE_32 = 'abcdefghijklmnopqrstuvwxyz234567';

export const ID_LENGTH = 26;

export function mintPaymentId(): string {
  return `pay_${mint(BASE_32, ID_LENGTH)}`;
}

/** The id of an action: a refund or a void. */
export function mintActionId(): string {
  return `act_${mint(BASE_32, ID_LENGTH)}`;
}
