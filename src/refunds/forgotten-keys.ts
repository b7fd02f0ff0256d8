import { wholeLegName } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';

/** How many attempts of a leg beyond the known ones are looked for after a restore. */
export const attemptsLookedFor = 5;

const ourFormat = /^[0-9a-f]{40}$/;

/** Whether a provider refund's reference can be one of our derived keys. */
export const hasOurFormat = (reference: string | null): reference is string =>
  reference !== null && ourFormat.test(reference);

/** What a derived key of a request stands for. */
export interface LegAttempt {
  readonly legName: string;
  readonly attempt: number;
}

/**
 * Every key that a request may have sent with before a restore: of each leg that it can have had, whatever its
 * amounts were then. They are decided by what was left, and that is what the restore made us forget.
 */
export function forgottenKeys(
  merchantCode: string,
  idempotencyKey: string,
  sellers: readonly string[],
): ReadonlyMap<string, LegAttempt> {
  const keys = new Map<string, LegAttempt>();
  for (const legName of new Set([wholeLegName, ...sellers]))
    for (let attempt = 1; attempt <= attemptsLookedFor; attempt += 1)
      keys.set(deriveProviderKey({ merchantCode, idempotencyKey, legName, attempt }), { legName, attempt });
  return keys;
}
