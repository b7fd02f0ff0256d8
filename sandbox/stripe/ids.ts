import { createHash, randomInt } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export type IdKind = 'pi' | 're' | 'evt' | 'req';

/** Mints an id: a prefix and letters or digits, 24 as objects have, 14 for requests. */
export function mintId(kind: IdKind): string {
  const length = kind === 'req' ? 14 : 24;
  return `${kind}_${Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;
}

/** An id of an object that hangs on another one and is not stored: always the same for the same owner. */
export function derivedId(prefix: string, owner: string): string {
  return `${prefix}_${createHash('sha256').update(`${prefix} ${owner}`).digest('hex').slice(0, 24)}`;
}

/** The charge of a payment intent has the same letters. */
export function chargeIdOf(paymentId: string): string {
  return paymentId.replace(/^pi_/, 'ch_');
}

/** The payment intent of a charge. */
export function paymentIdOf(chargeId: string): string {
  return chargeId.startsWith('ch_') ? chargeId.replace('ch_', 'pi_') : '';
}
