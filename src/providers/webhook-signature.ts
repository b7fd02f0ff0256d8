import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const MAX_SECRETS = 5;

/** Optional: secrets of an account with which its deliveries are verified, several while one takes another's place. */
export const webhookSecrets = (secret: z.ZodType<string>) =>
  z
    .array(secret)
    .min(1, 'must name a secret, or be left out')
    .max(MAX_SECRETS, `must name at most ${MAX_SECRETS} secrets`)
    .optional();

/** A part of credentials whose provider signs what it sends. */
export interface WebhookSecrets {
  readonly webhookSecrets?: readonly string[] | undefined;
}

const SHA256_HEX = /^[0-9a-f]{64}$/;

/**
 * Whether one of the signatures, in lower-case hex, is HMAC-SHA256 of the parts in a row by one of the secrets. Every
 * secret is tried with every signature in constant time, so that how long it takes tells neither which nor how much.
 */
export function isSigned(
  parts: readonly (string | Buffer)[],
  signatures: readonly string[],
  secrets: readonly string[],
): boolean {
  const given = signatures.filter((text) => SHA256_HEX.test(text)).map((text) => Buffer.from(text, 'hex'));
  if (given.length === 0) return false;
  let matches = 0;
  for (const secret of secrets) {
    const hmac = createHmac('sha256', secret);
    for (const part of parts) hmac.update(part);
    const expected = hmac.digest();
    for (const signature of given) matches += timingSafeEqual(expected, signature) ? 1 : 0;
  }
  return matches > 0;
}
