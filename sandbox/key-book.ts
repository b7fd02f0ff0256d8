import type { JournalBatch } from './journal-batch.ts';
import type { Answer } from './simulator.ts';

/** The result of the first request with a key. `data` identifies what was asked, `objectId` what it acted on. */
export interface KeyRecord {
  data: string;
  at: number;
  status: number;
  body: string;
  objectId: string | undefined;
}

/** A request under a key; keys of different scopes have nothing to do with each other. */
export interface KeyedRequest {
  scope: string;
  key: string;
  /** Digest of what "the same request" means at the provider. */
  data: string;
}

/** What a provider may differ in. */
export interface KeyRules {
  /** Whether a refused request burns its key, so that a corrected one needs a new key. */
  keepRefusals: boolean;
  /** The answer to other data under a known key. */
  conflict(): Answer;
  /** For a replay that answers with the present state of the object, its JSON; undefined: the first answer again. */
  current(objectId: string): unknown;
}

/** Idempotency keys in order of age, forgotten after their life by the simulated clock. */
export class KeyBook {
  readonly #batch: JournalBatch;
  readonly #kind: string;
  readonly #lifeMs: () => number;
  readonly #keys = new Map<string, KeyRecord>();

  constructor(batch: JournalBatch, kind: string, stored: Map<string, unknown>, lifeMs: () => number) {
    this.#batch = batch;
    this.#kind = kind;
    this.#lifeMs = lifeMs;
    for (const [id, value] of stored) this.#keys.set(id, value as KeyRecord); // our own file
  }

  find({ scope, key }: Pick<KeyedRequest, 'scope' | 'key'>, now: number): KeyRecord | undefined {
    const record = this.#keys.get(`${scope}:${key}`);
    return record !== undefined && now - record.at < this.#lifeMs() ? record : undefined;
  }

  forget({ scope, key }: Pick<KeyedRequest, 'scope' | 'key'>): void {
    const id = `${scope}:${key}`;
    if (this.#keys.delete(id)) this.#batch.note(this.#kind, id, null);
  }

  /**
   * Executes a request once per scope and key. A repeat answers with the first result, other data under the same key is
   * a conflict, an expired key is a new request.
   */
  once(
    request: KeyedRequest,
    now: number,
    rules: KeyRules,
    execute: () => Answer & { objectId: string | undefined },
  ): Answer {
    const known = this.find(request, now);
    if (known !== undefined) {
      return known.data === request.data ? replay(known, rules) : rules.conflict();
    }
    const answer = execute();
    if (answer.effect || rules.keepRefusals) {
      const { status, body, objectId } = answer;
      this.#put(request, { data: request.data, at: now, status, body, objectId });
    }
    return answer;
  }

  #put({ scope, key }: KeyedRequest, record: KeyRecord): void {
    this.#dropOld(record.at);
    const id = `${scope}:${key}`;
    this.#keys.delete(id); // to the end: the map stays in order of age
    this.#keys.set(id, record);
    this.#batch.note(this.#kind, id, record);
  }

  #dropOld(now: number): void {
    for (const [id, record] of this.#keys) {
      if (now - record.at < this.#lifeMs()) return;
      this.#keys.delete(id);
      this.#batch.note(this.#kind, id, null);
    }
  }
}

function replay(known: KeyRecord, rules: KeyRules): Answer {
  const current = known.objectId === undefined ? undefined : rules.current(known.objectId);
  return {
    status: known.status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: current === undefined ? known.body : JSON.stringify(current),
    effect: false,
  };
}
