import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { AccountHttp } from '../http.ts';
import { readAs } from '../read-json.ts';
import { KEYS_HOST } from './capabilities.ts';
import type { Access } from './read.ts';

const SECOND = 1000;

/** How long keys are used without asking for them again. */
const KEYS_LIFE_MS = 3600 * SECOND;
/** An id that is not among them is a reason to ask again, but not more often than this. */
const UNKNOWN_KEY_GAP_MS = 10 * SECOND;
/** After a call that told nothing. */
const FAILURE_GAP_MS = 5 * SECOND;
const MAX_CHARACTERS = 65_536;
const MAX_KEYS = 50;

export type KeyLookup =
  | { readonly kind: 'found'; readonly key: KeyObject }
  /** The provider has told its keys, and this is none of them. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable' };

/** The keys with which webhooks are signed, by their ids. */
export interface SigningKeys {
  find(access: Access, kid: string): Promise<KeyLookup>;
}

/** What is known of the keys of one account; instants in milliseconds. */
interface KeyRing {
  keys: ReadonlyMap<string, KeyObject>;
  /** When the keys were told; undefined: never. */
  toldAt: number | undefined;
  askedAt: number | undefined;
  askedInVain: boolean;
  /** The call that is under way. */
  asking: Promise<void> | undefined;
}

/**
 * The JWKS of an account's edition and environment (pay.yandex.ru/docs, "Merchant API"), kept for an hour. One call runs
 * at a time, however many tokens come, and one in 10 seconds begins, whatever ids they name.
 */
export function createSigningKeys(): SigningKeys {
  const rings = new WeakMap<AccountHttp, KeyRing>();

  function ringOf({ http }: Access): KeyRing {
    const known = rings.get(http);
    if (known !== undefined) return known;
    const ring: KeyRing = {
      keys: new Map(),
      toldAt: undefined,
      askedAt: undefined,
      askedInVain: false,
      asking: undefined,
    };
    rings.set(http, ring);
    return ring;
  }

  return {
    async find(access, kid) {
      const ring = ringOf(access);
      const known = keysInUse(ring, access)?.get(kid);
      if (known !== undefined) return { kind: 'found', key: known };
      if (ring.asking === undefined && isTimeToAsk(ring, access)) ring.asking = ask(ring, access);
      await ring.asking;
      const keys = keysInUse(ring, access);
      const key = keys?.get(kid);
      if (key !== undefined) return { kind: 'found', key };
      return { kind: keys === undefined || ring.askedInVain ? 'unavailable' : 'absent' };
    },
  };
}

// A clock that was set back must not keep keys, or a pause, for longer.
const hasPassed = (sinceAt: number | undefined, durationMs: number, { clock }: Access): boolean =>
  sinceAt === undefined || Math.abs(clock.now().getTime() - sinceAt) >= durationMs;

const keysInUse = (ring: KeyRing, access: Access): KeyRing['keys'] | undefined =>
  hasPassed(ring.toldAt, KEYS_LIFE_MS, access) ? undefined : ring.keys;

const isTimeToAsk = ({ askedAt, askedInVain }: KeyRing, access: Access): boolean =>
  hasPassed(askedAt, askedInVain ? FAILURE_GAP_MS : UNKNOWN_KEY_GAP_MS, access);

async function ask(ring: KeyRing, access: Access): Promise<void> {
  const request = { method: 'GET', path: '/jwks', host: KEYS_HOST, headers: {}, body: null } as const;
  try {
    // The keys are public: the account's own key stays here.
    const result = await access.http.read(request, {});
    const keys = result.kind === 'answer' && result.status === 200 ? readKeys(result.text) : undefined;
    ring.askedAt = access.clock.now().getTime();
    ring.askedInVain = keys === undefined;
    if (keys === undefined) return;
    ring.keys = keys;
    ring.toldAt = ring.askedAt;
  } finally {
    ring.asking = undefined;
  }
}

const wireKeys = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const wireKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  kid: z.string(),
  alg: z.literal('ES256').optional(),
  use: z.literal('sig').optional(),
});

/** The keys of a JWKS that can verify tokens; undefined where there is none. */
function readKeys(text: string): ReadonlyMap<string, KeyObject> | undefined {
  const read = text.length > MAX_CHARACTERS ? undefined : readAs(wireKeys, text);
  const keys = new Map((read?.keys ?? []).flatMap(readKey));
  return keys.size === 0 ? undefined : keys;
}

function readKey(raw: unknown): [string, KeyObject][] {
  const { data } = wireKey.safeParse(raw);
  if (data === undefined) return [];
  const { kty, crv, x, y, kid } = data;
  try {
    return [[kid, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })]];
  } catch {
    // No point of the curve.
    return [];
  }
}
