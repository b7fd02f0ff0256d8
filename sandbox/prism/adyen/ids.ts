import { mint } from '../ids.ts';

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export const REFERENCE_LENGTH = 16;

/** A reference of any adyen operation, the payment's like the refund's: 16 capitals and digits. */
export function mintReference(): string {
  return mint(UPPER, REFERENCE_LENGTH);
}
