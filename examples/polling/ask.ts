/** Where the API is, and who asks. */
export interface Api {
  /** `http://127.0.0.1:4000/graphql` */
  readonly url: string;
  readonly apiKey: string;
}

export interface Answer<Data> {
  /** Undefined: 304, nothing has changed since the answer with that tag. */
  readonly data: Data | undefined;
  readonly etag: string | undefined;
  /** From `X-Poll-After-Ms`, which counts more than what stands in the data; undefined where there is no such header. */
  readonly pollAfterMs: number | null | undefined;
}

/** The API, or the way to it, did not give what was asked for. */
export class Problem extends Error {
  readonly code: string;
  /** Whether the same question may be answered later. */
  readonly isTemporary: boolean;
  /** From `Retry-After`; undefined where nothing was said. */
  readonly retryAfterMs: number | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    told: Partial<Pick<Problem, 'code' | 'isTemporary' | 'retryAfterMs' | 'extensions'>> = {},
  ) {
    super(message);
    this.code = told.code ?? 'UNKNOWN';
    this.isTemporary = told.isTemporary ?? false;
    this.retryAfterMs = told.retryAfterMs;
    this.extensions = told.extensions ?? {};
  }
}

/** No answer takes longer, in milliseconds; `waitMs` of the query must be less. */
const TIMEOUT_MS = 15_000;

/**
 * Asks by GET, so that what has not changed costs a 304 only. A browser does the same by itself with its cache, and
 * shows the answer it kept as a 200.
 *
 * @throws Problem; or what the signal was aborted with
 */
export async function ask<Data>(
  { url, apiKey }: Api,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  { etag, signal }: { readonly etag?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Answer<Data>> {
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}?${search.toString()}`, {
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: 'application/graphql-response+json',
        ...(etag !== undefined && { 'if-none-match': etag }),
      },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new Problem(error instanceof Error ? error.message : 'no answer', { isTemporary: true });
  }
  const { status, headers } = response;
  const rest = { etag: headers.get('etag') ?? undefined, pollAfterMs: pollAfterOf(headers) };
  if (status === 304) return { ...rest, etag: rest.etag ?? etag, data: undefined };
  const { data, errors } = parse<Data>(text);
  const [error] = errors ?? [];
  if (response.ok && error === undefined && data !== undefined) return { ...rest, data };
  const retryAfterMs = retryAfterOf(headers);
  const code = error?.extensions?.['code'];
  throw new Problem(error?.message ?? `HTTP ${status}`, {
    code: typeof code === 'string' ? code : `HTTP_${status}`,
    isTemporary: status >= 500 || status === 429 || retryAfterMs !== undefined,
    retryAfterMs,
    extensions: error?.extensions ?? {},
  });
}

interface Body<Data> {
  readonly data?: Data;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

/** A gateway on the way may answer with a page of its own. */
function parse<Data>(text: string): Body<Data> {
  try {
    return JSON.parse(text) as Body<Data>;
  } catch {
    return {};
  }
}

function pollAfterOf(headers: Headers): number | null | undefined {
  const value = headers.get('x-poll-after-ms');
  if (value === null) return undefined;
  return value === 'null' ? null : Number(value);
}

function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = Number(value);
  return Number.isNaN(seconds) ? Math.max(0, Date.parse(value) - Date.now()) : seconds * 1_000;
}

/** After so many failures in a row: twice as long each time, up to a minute, and spread, since all fail at once. */
export function backoffMs(failures: number, problem: Problem): number {
  const fullMs = Math.min(60_000, 1_000 * 2 ** (failures - 1));
  return Math.max(problem.retryAfterMs ?? 0, fullMs * (0.5 + Math.random() / 2));
}

/** Sleeps; rejects with the signal's reason when it is aborted meanwhile. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleepFor: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
