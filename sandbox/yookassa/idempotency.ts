import { createHash } from 'node:crypto';
import type { Answer } from '../simulator.ts';
import { ApiError, invalid, jsonAnswer, refusal } from './api-error.ts';
import type { KeyRecord } from './records.ts';
import type { Store } from './store.ts';

const MAX_KEY_LENGTH = 64;
const KEY_CHARACTERS = /^[0-9a-zA-Z+\-_.]+$/;

/** What an operation did: the answer's body and the object it acted on. */
export interface Effect {
  body: Record<string, unknown>;
  objectId: string;
}

export interface KeyedRequest {
  shopId: string;
  key: string;
  /** Method, path and body in a canonical form: what "same data" is compared by. */
  data: string;
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
    .update(`${method} ${path} ${canonical(body)}`)
    .digest('hex');
}

/**
 * Executes an operation once per shop and key for 24 hours of simulated time. A repeat answers with the first result,
 * other data under the same key is refused, an expired key is a new operation. Refusals are kept too unless configured
 * otherwise, since a corrected request needs a new key.
 */
export function once(
  store: Store,
  request: KeyedRequest,
  now: number,
  current: (objectId: string) => Record<string, unknown> | undefined,
  execute: () => Effect,
): Answer {
  const known = store.findKey(request.shopId, request.key, now);
  if (known !== undefined) {
    if (known.data !== request.data) throw invalid('keyDuplicated', 'Idempotence-Key');
    return replay(known, store, current);
  }
  const answer = attempt(store, execute);
  if (answer.effect || store.settings.keepRefusals) {
    const { status, body, objectId } = answer;
    store.putKey(request.shopId, request.key, { data: request.data, at: now, status, body, objectId });
  }
  return answer;
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

function replay(
  known: KeyRecord,
  store: Store,
  current: (objectId: string) => Record<string, unknown> | undefined,
): Answer {
  const now =
    store.settings.replay === 'current' && known.objectId !== undefined ? current(known.objectId) : undefined;
  return { ...jsonAnswer(known.status, now), body: now === undefined ? known.body : JSON.stringify(now) };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
