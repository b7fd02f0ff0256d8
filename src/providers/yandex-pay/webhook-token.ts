import { z } from 'zod';
import { readCompactJws, verifiedPayload } from '../compact-jws.ts';
import type { WebhookRefusal } from '../webhook.ts';
import type { Access } from './read.ts';
import type { SigningKeys } from './signing-keys.ts';

/** How far the provider's clock and ours may be apart. */
const SKEW_SECONDS = 60;

/** Numbers in the sample of the documentation, texts in its description. */
const seconds = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number),
]);

const signed = z.object({ alg: z.literal('ES256'), kid: z.string().regex(/^[ -~]{1,128}$/) });
const timed = z.object({ iat: seconds, exp: seconds });

export type TokenReading =
  | { readonly kind: 'verified'; readonly payload: string }
  | { readonly kind: 'refused'; readonly reason: WebhookRefusal }
  | { readonly kind: 'unavailable' };

const refused = (reason: WebhookRefusal): TokenReading => ({ kind: 'refused', reason });

/**
 * The payload of a bare JWT (pay.yandex.ru/docs, "Merchant API", webhook). `iat` and `exp` stand in its header, where no
 * library looks for them.
 */
export async function readToken(access: Access, body: Buffer, keys: SigningKeys): Promise<TokenReading> {
  const token = readCompactJws(body);
  if (token === undefined) return refused('MALFORMED');
  const header = signed.safeParse(token.header);
  if (!header.success) return refused('FORGED');
  const lookup = await keys.find(access, header.data.kid);
  if (lookup.kind === 'unavailable') return lookup;
  if (lookup.kind === 'absent') return refused('FORGED');
  const payload = await verifiedPayload(token, lookup.key, 'ES256');
  if (payload === undefined) return refused('FORGED');
  const times = timed.safeParse(token.header);
  if (!times.success) return refused('MALFORMED');
  const { iat, exp } = times.data;
  const nowSeconds = access.clock.now().getTime() / 1000;
  const isTimely = exp + SKEW_SECONDS > nowSeconds && iat - SKEW_SECONDS <= nowSeconds;
  return isTimely ? { kind: 'verified', payload } : refused('STALE');
}
