import { randomInt } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 14;

export type IdKind = 'pay' | 'rfnd' | 'order' | 'card';

/** Mints an id: a prefix and 14 letters or digits. */
export function mintId(kind: IdKind): string {
  return `${kind}_${mintSuffix()}`;
}

/** The 14 letters or digits alone, as event ids are. */
export function mintSuffix(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Whether a text could be an id of this kind; upper and lower case differ. */
export function isId(kind: IdKind, text: string): boolean {
  return new RegExp(`^${kind}_[A-Za-z0-9]{${LENGTH}}$`).test(text);
}
