import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** One request that a simulator received. `status` is null while, or because, nothing was answered. */
export interface LoggedRequest {
  seq: number;
  at: string;
  provider: string;
  /** Another provider that this request was for as well. */
  alsoKnownAs?: string | undefined;
  account: string | null;
  operation: string | null;
  method: string;
  path: string;
  headers: Record<string, string>;
  bodyHash: string;
  providerKey: string | null;
  status: number | null;
  effect: boolean;
  fault: string | null;
}

const KEPT = 10_000;
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key']);

/** The newest 10 000 requests, in order of arrival, without secrets. Kept in memory only. */
export class RequestLog {
  #entries: LoggedRequest[] = [];
  #seq = 0;

  /** Records an arrival; the caller fills in `status`, `effect` and `fault` when they are known. */
  open(arrival: Omit<LoggedRequest, 'seq' | 'status' | 'effect' | 'fault'>): LoggedRequest {
    const entry: LoggedRequest = { seq: ++this.#seq, ...arrival, status: null, effect: false, fault: null };
    this.#entries.push(entry);
    // Cut in halves: dropping one entry per arrival would move the whole array every time.
    if (this.#entries.length >= KEPT * 2) this.#entries = this.#entries.slice(-KEPT);
    return entry;
  }

  /** The requests after `since` (a seq), oldest first, and the seq to ask with next time. */
  read(since: number, provider?: string): { requests: LoggedRequest[]; next: number } {
    const oldest = this.#seq - Math.min(this.#entries.length, KEPT);
    const fresh = Math.max(0, this.#seq - Math.max(since, oldest));
    const requests = fresh === 0 ? [] : this.#entries.slice(-fresh);
    return {
      requests: requests.filter(
        (entry) => provider === undefined || entry.provider === provider || entry.alsoKnownAs === provider,
      ),
      next: this.#seq,
    };
  }

  /** Forgets the entries; numbering goes on, so that a `since` from before stays valid. */
  clear(): void {
    this.#entries = [];
  }
}

/** Header values as text, without the ones that carry credentials. */
export function withoutSecrets(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !SECRET_HEADERS.has(name))
      kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

/** SHA-256 of the exact body bytes, in hex. */
export function hashBody(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
