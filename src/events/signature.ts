import { createHmac } from 'node:crypto';

/** In front of the base64 of a secret (Standard Webhooks, "Signature scheme"). */
const SECRET_PREFIX = 'whsec_';

/** The keys of an endpoint's secrets, in their order. */
export const signingKeys = (secrets: readonly string[]): readonly Buffer[] =>
  secrets.map((secret) => Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64'));

/**
 * The `webhook-signature` of a delivery (Standard Webhooks, "Signature scheme", symmetric): `v1,` and the base64 of
 * HMAC-SHA256 over `id.timestamp.body`, once for every key, so that a receiver may know either of two secrets while
 * one takes the place of the other.
 *
 * @param delivery.timestamp Unix time of the attempt, in seconds
 */
export function signatureOf(
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
  keys: readonly Buffer[],
): string {
  const signed = `${id}.${timestamp}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ');
}
