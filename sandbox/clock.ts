import type { Journal } from './journal.ts';

/** Whether a follower of the clock confirmed the new offset. */
export interface FollowerReport {
  url: string;
  ok: boolean;
}

const FOLLOWER_TIMEOUT_MS = 2_000;

/**
 * The simulators' time: real time plus an offset that `POST /control/clock` moves. Followers (the service under
 * development, in its demo and test mode) are told every new offset before the call that moved it answers.
 */
export class SandboxClock {
  readonly #journal: Journal;
  readonly #realNow: () => number;
  readonly #followers = new Set<string>();
  #offsetSeconds = 0;

  constructor(journal: Journal, realNow: () => number) {
    this.#journal = journal;
    this.#realNow = realNow;
    for (const [id, value] of journal.take('clock')) {
      if (id === 'offset') this.#offsetSeconds = Number(value);
      else this.#followers.add(id);
    }
  }

  get offsetSeconds(): number {
    return this.#offsetSeconds;
  }

  /** Simulated time in milliseconds since 1970. */
  now(): number {
    return this.#realNow() + this.#offsetSeconds * 1_000;
  }

  get followers(): string[] {
    return [...this.#followers];
  }

  /** Registers a URL that is told every later offset. Registering it again changes nothing. */
  follow(url: string): void {
    this.#followers.add(url);
    this.#journal.append([{ kind: 'clock', id: url, value: true }]);
  }

  unfollow(url: string): boolean {
    this.#journal.append([{ kind: 'clock', id: url, value: null }]);
    return this.#followers.delete(url);
  }

  /** Moves time and waits until every follower has answered, at most 2 seconds. */
  async moveTo(offsetSeconds: number): Promise<FollowerReport[]> {
    this.#offsetSeconds = offsetSeconds;
    this.#journal.append([{ kind: 'clock', id: 'offset', value: offsetSeconds }]);
    return Promise.all(this.followers.map(async (url) => ({ url, ok: await tell(url, offsetSeconds) })));
  }

  /** After the journal was reset: real time again, the followers stay. */
  async reset(keepOffset: boolean): Promise<FollowerReport[]> {
    for (const url of this.#followers) this.follow(url);
    return this.moveTo(keepOffset ? this.#offsetSeconds : 0);
  }
}

async function tell(url: string, offsetSeconds: number): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ offsetSeconds }),
      signal: AbortSignal.timeout(FOLLOWER_TIMEOUT_MS),
      redirect: 'error',
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
