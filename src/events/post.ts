import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, errors } from 'undici';
import { isPrivateHost, isPublicAddress } from '../public-addresses.ts';
import { believedMs, retryAfterMs } from '../providers/http/retry-after.ts';

/** For connecting, the request and the head of the answer together, in milliseconds. */
export const POST_DEADLINE_MS = 15_000;
/** The most that is read of an answer's body, in bytes; nothing in it matters. */
const READ_AT_MOST_BYTES = 4_096;

/** What was wrong with an attempt, in words of ours: nothing that a receiver says is kept. */
export type PostError =
  | 'ADDRESS_REFUSED'
  | 'NO_ADDRESS'
  | 'TIMEOUT'
  | 'CONNECTION'
  | 'TLS'
  | 'NOT_HTTP'
  | 'REDIRECT'
  | 'STATUS';

export interface PostResult {
  /** Null: there was no answer. */
  readonly status: number | null;
  /** Null: accepted. */
  readonly error: PostError | null;
  /** How long the receiver asks to be left alone, in milliseconds, an hour at most; null: it does not. */
  readonly retryAfterMs: number | null;
}

export interface Poster {
  /** One request, never repeated and never redirected. Never throws. */
  post(headers: Readonly<Record<string, string>>, body: string): Promise<PostResult>;
  /** Cuts what runs and closes the connections. */
  close(): Promise<void>;
}

export interface PosterOptions {
  readonly url: string;
  /** Whether its address may be private, local or reserved. */
  readonly allowPrivateNetwork: boolean;
  /** Connections at most. */
  readonly maxInFlight: number;
  /** Absent: the system's resolver. */
  readonly lookup?: LookupFunction;
  readonly deadlineMs?: number;
}

/**
 * Makes the HTTP client of one endpoint. The address that a socket is opened to is the one that was checked: names
 * are resolved here, once for each connection, so that a name cannot mean another host a moment later. Proxies of the
 * environment are not used.
 */
export function createPoster(options: PosterOptions): Poster {
  const url = new URL(options.url);
  const { deadlineMs = POST_DEADLINE_MS, lookup = systemLookup as LookupFunction } = options;
  const isGuarded = !options.allowPrivateNetwork;
  const agent = new Agent({
    pipelining: 1,
    allowH2: false,
    connections: options.maxInFlight,
    connect: { timeout: deadlineMs, lookup: isGuarded ? guarded(lookup) : lookup },
  });
  const target = { origin: url.origin, path: `${url.pathname}${url.search}`, method: 'POST' } as const;

  async function post(headers: Readonly<Record<string, string>>, body: string): Promise<PostResult> {
    // Sockets to IP addresses ask no resolver.
    if (isGuarded && isPrivateHost(url)) return failed('ADDRESS_REFUSED');
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const answer = await agent.request({
        ...target,
        headers: { ...headers },
        body,
        signal: deadline,
        // Ours is the one deadline.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      // Goes on by itself, so that the connection can serve again; what it says or whether it ends does not matter.
      void answer.body.dump({ limit: READ_AT_MOST_BYTES, signal: deadline }).catch(() => undefined);
      return resultOf(answer.statusCode, flatten(answer.headers));
    } catch (error) {
      return failed(deadline.aborted ? 'TIMEOUT' : wordFor(error));
    }
  }

  return { post, close: () => agent.destroy() };
}

const failed = (error: PostError): PostResult => ({ status: null, error, retryAfterMs: null });

function resultOf(status: number, headers: Readonly<Record<string, string>>): PostResult {
  if (status >= 200 && status < 300) return { status, error: null, retryAfterMs: null };
  if (status >= 300 && status < 400) return { status, error: 'REDIRECT', retryAfterMs: null };
  const isBusy = status === 429 || status === 503;
  return {
    status,
    error: 'STATUS',
    retryAfterMs: isBusy ? believedMs(retryAfterMs(headers, new Date())) : null,
  };
}

class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ADDRESS_REFUSED';
}

/** Resolves names to public addresses only; a name that has none is refused. */
const guarded =
  (lookup: LookupFunction): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const publicOnes =
        error === null ? (found as LookupAddress[]).filter(({ address }) => isPublicAddress(address)) : [];
      const [first] = publicOnes;
      if (first === undefined) callback(error ?? new AddressRefusedError('no public address'), '', 0);
      else if (options.all === true) callback(null, publicOnes);
      else callback(null, first.address, first.family);
    });
  };

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const { 'retry-after': advice } = headers;
  return advice === undefined ? {} : { 'retry-after': Array.isArray(advice) ? advice[0]! : advice };
}

function wordFor(error: unknown): PostError {
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return 'NOT_HTTP';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ADDRESS_REFUSED') return code;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') return 'NO_ADDRESS';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'TIMEOUT';
  return code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.includes('CERT')
    ? 'TLS'
    : 'CONNECTION';
}
