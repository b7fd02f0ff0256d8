import { createHash } from 'node:crypto';
import { jsonAnswer } from '../answers.ts';
import { canonicalJson } from '../json.ts';
import type { KeyedRequest } from '../key-book.ts';
import type { Answer } from '../simulator.ts';
import { ApiError, invalid, refusal } from './api-error.ts';
import type { Store } from './store.ts';

const MAX_KEY_LENGTH = 64;
const KEY_CHARACTERS = /^[0-9a-zA-Z+\-_.]+$/;

/** What an operation did: the answer's body and the object it acted on. */
export interface Effect {
  body: Record<string, unknown>;
  objectId: string;
}

/** Checks the `Idempotence-Key` header: mandatory on POST, 1 to 64 characters of `[0-9a-zA-Z+-_.]`. Throws 400. */
export function checkKey(key: string | undefined): string {
  if (key === undefined || key === '') throw invalid('keyMissing', 'Idempotence-Key');
  if (key.length > MAX_KEY_LENGTH) throw invalid('keyTooLong', 'Idempotence-Key');
  if (!KEY_CHARACTERS.test(key)) throw invalid('keyCharset', 'Idempotence-Key');
  return key;
}

/** Digest of a request that does not depend on white space or on the order of JSON fields. */
export function requestData(method: string, path: string, body: unknown): string {
  return createHash('sha256')
    .update(`${method} ${path} ${canonicalJson(body)}`)
    .digest('hex');
}

/**
 * Executes an operation once per shop and key for 24 hours of simulated time; throws 400 for other data under a known
 * key. Refusals are kept too unless configured otherwise, since a corrected request needs a new key.
 */
export function once(
  store: Store,
  request: KeyedRequest,
  now: number,
  current: (objectId: string) => Record<string, unknown> | undefined,
  execute: () => Effect,
): Answer {
  const { keepRefusals, replay } = store.settings;
  const rules = {
    keepRefusals,
    conflict: (): never => {
      throw invalid('keyDuplicated', 'Idempotence-Key');
    },
    current: (objectId: string) => (replay === 'current' ? current(objectId) : undefined),
  };
  return store.keys.once(request, now, rules, () => attempt(store, execute));
}

function attempt(store: Store, execute: () => Effect): Answer & { objectId: string | undefined } {
  try {
    const { body, objectId } = execute();
    return { ...jsonAnswer(200, body, true), objectId };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...refusal(error, store.settings.texts), objectId: undefined };
  }
}
