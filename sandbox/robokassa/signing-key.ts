import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Journal } from '../journal.ts';

const KIND = 'robokassa.signing-key';
const BITS = 2_048;

/** The simulator's own RSA key pair, made when it is first needed and the same ever after. */
export class SigningKey {
  readonly #journal: Journal;
  #pem: string | undefined;
  #key: KeyObject | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#pem = journal.take(KIND).get('pem') as string | undefined; // our own file
  }

  /** What receivers check signatures with, PEM. */
  get publicKey(): string {
    return createPublicKey(this.#privateKey()).export({ type: 'spki', format: 'pem' }).toString();
  }

  /** A compact JWS with RS256. */
  sign(payload: unknown): string {
    return jwsOf(payload, this.#privateKey());
  }

  /** The journal was emptied; the key stays, as a published certificate does. */
  remember(): void {
    if (this.#pem !== undefined) this.#journal.append([{ kind: KIND, id: 'pem', value: this.#pem }]);
  }

  #privateKey(): KeyObject {
    if (this.#pem === undefined) {
      this.#pem = freshKey().export({ type: 'pkcs8', format: 'pem' }).toString();
      this.remember();
    }
    this.#key ??= createPrivateKey(this.#pem);
    return this.#key;
  }
}

/** A JWS that looks right and that somebody else signed. */
export function forgedJws(payload: unknown): string {
  return jwsOf(payload, freshKey());
}

function freshKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: BITS }).privateKey;
}

function jwsOf(payload: unknown, key: KeyObject): string {
  const signed = [{ typ: 'JWT', alg: 'RS256' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
