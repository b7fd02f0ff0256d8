import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Agent } from 'undici';
import type { Clock } from '../clock.ts';
import type { CallResult } from '../metrics.ts';
import { breakerLimits, createBreaker, noBreaker, signOf, type BreakerLimits } from './http/breaker.ts';
import { logCall } from './http/call-log.ts';
import { callResultOf, circuitOpen } from './http/call-result.ts';
import { exchange } from './http/exchange.ts';
import { createLanes, type Lane } from './http/lanes.ts';
import { attemptDeadlineMs, readAgainAfterMs } from './http/read-policy.ts';
import { createRateLimit } from './http/rate-limit.ts';
import { retryAfterMs } from './http/retry-after.ts';
import { createTokenBucket } from './http/token-bucket.ts';

/** A request without its secrets, exactly as it is stored and sent again. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, with its query string: `/refunds?limit=100`. */
  readonly path: string;
  /** Which of the account's other base URLs; absent: its usual one. */
  readonly host?: string;
  /** Never a secret: authentication is added when it is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes as text, or null for none. */
  readonly body: string | null;
}

/** What became of a request, as far as the transport can tell. */
export type WireResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly text: string;
    }
  /** Provably no byte of the request reached the provider. */
  | { readonly kind: 'not-sent'; readonly reason: string }
  /** Bytes may have arrived, and there is no complete answer. */
  | { readonly kind: 'lost'; readonly reason: string };

export interface SendOptions {
  /** From the moment of its turn: connecting, the request and the whole answer, in milliseconds. */
  readonly deadlineMs: number;
  /** Asked right before the first byte; false makes the outcome `not-sent`. */
  readonly mayStillSend: () => boolean;
}

/** The HTTP client of one account: its base URL, limits and log. */
export interface AccountHttp {
  /** Reads, tried again (bounded) on transport faults and 5xx; a redirect is not followed. */
  read(request: WireRequest, secretHeaders: Readonly<Record<string, string>>): Promise<WireResult>;
  /** Sends once. Never repeated here: whether to send again is a decision about money. */
  send(
    request: WireRequest,
    secretHeaders: Readonly<Record<string, string>>,
    options: SendOptions,
  ): Promise<WireResult>;
  /** Whether a call would be given up now without being tried, since the provider did not answer those before. */
  isGivenUp(): boolean;
  /** How many reads could be begun within so many milliseconds, by the account's rate and its slots; 0 in a pause. */
  readsWithin(durationMs: number): number;
}

export interface AccountHttpOptions {
  readonly accountCode: string;
  readonly provider: string;
  /** With the path that all requests share: `https://api.example.com/v3`. */
  readonly baseUrl: string;
  /** Further ones, by the name that `WireRequest.host` has. */
  readonly otherBaseUrls?: Readonly<Record<string, string>>;
  /** Sends that may run at once; reads have as many of their own. */
  readonly maxInFlight: number;
  /** Common to sends and reads. */
  readonly requestsPerSecond: number;
  readonly log: Logger;
  readonly clock: Clock;
  /** For one read with its waiting and all its attempts, in milliseconds. */
  readonly readDeadlineMs?: number;
  /** When calls of this account are given up for a while; `never` is for tests of faults in a row. */
  readonly breaker?: BreakerLimits | 'never';
  readonly observer?: CallObserver;
}

/** Hears what becomes of the calls of one account. */
export interface CallObserver {
  called(kind: Lane, result: CallResult, durationMs: number): void;
  /** @param isNew false where the trouble before has hardly ended */
  circuitOpened(isNew: boolean): void;
  circuitClosed(): void;
}

/** `close` refuses whoever waits (as `not-sent`), lets running calls end, then closes the connections. */
export type ClosableAccountHttp = AccountHttp & { close(): Promise<void> };

const READ_DEADLINE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a send waits for its turn before it is `not-sent`, in milliseconds. */
const SEND_WAIT_MS = 15_000;
const MAX_WAITING_PER_LANE = 500;

interface Base {
  readonly origin: string;
  readonly path: string;
}

function baseOf(text: string): Base {
  const { origin, pathname } = new URL(text);
  return { origin, path: pathname.replace(/\/+$/, '') };
}

/** Makes the HTTP client of one account. Throws for a base URL that is none. */
export function createAccountHttp(options: AccountHttpOptions): ClosableAccountHttp {
  const { clock, maxInFlight, readDeadlineMs = READ_DEADLINE_MS, observer } = options;
  const base = baseOf(options.baseUrl);
  const others = new Map(
    Object.entries(options.otherBaseUrls ?? {}).map(([name, url]) => [name, baseOf(url)]),
  );
  const log = options.log.child({ account: options.accountCode, provider: options.provider });
  const bucket = createTokenBucket(options.requestsPerSecond, clock);
  const rateLimit = createRateLimit(clock);
  const breaker =
    options.breaker === 'never'
      ? noBreaker
      : createBreaker(options.breaker ?? breakerLimits, clock, {
          opened: (openForMs, isNew) => {
            log.warn(
              { openForMs },
              'the provider does not answer; calls of this account are given up for a while',
            );
            observer?.circuitOpened(isNew);
          },
          closed: () => {
            log.info('the provider answers again');
            observer?.circuitClosed();
          },
        });
  const lanes = createLanes({ send: maxInFlight, read: maxInFlight }, MAX_WAITING_PER_LANE, bucket);
  /** How long reads took lately; the latest counts a quarter. */
  let typicalReadMs: number | undefined;
  // One request per connection at a time: undici repeats pipelined requests by itself when a connection breaks.
  const agent = new Agent({ pipelining: 1, allowH2: false, connect: { timeout: CONNECT_TIMEOUT_MS } });

  function otherBase(host: string): Base {
    const other = others.get(host);
    if (other === undefined) throw new TypeError(`The account has no base URL named ${host}.`);
    return other;
  }

  async function call(
    lane: Lane,
    request: WireRequest,
    secretHeaders: Readonly<Record<string, string>>,
    limits: { waitMs: number; deadlineMs: () => number; mayStart: () => boolean; attempt: number },
  ): Promise<WireResult> {
    if (breaker.refuses()) return giveUp();
    const askedMs = clock.monotonicMs();
    const entry = await lanes.enter(lane, limits.waitMs);
    const enteredMs = clock.monotonicMs();
    try {
      const result: WireResult = entry.admitted ? await run() : { kind: 'not-sent', reason: entry.reason };
      if (result === circuitOpen) return giveUp();
      const durationMs = clock.monotonicMs() - enteredMs;
      if (lane === 'read' && result.kind === 'answer')
        typicalReadMs = typicalReadMs === undefined ? durationMs : (typicalReadMs * 3 + durationMs) / 4;
      observer?.called(lane, callResultOf(result), durationMs);
      logCall(log, request, result, { attempt: limits.attempt, queuedMs: enteredMs - askedMs, durationMs });
      return result;
    } finally {
      if (entry.admitted) entry.leave();
    }

    // Without a line in the log: it would be one for every request of whoever asks.
    function giveUp(): WireResult {
      observer?.called(lane, 'circuit-open', 0);
      return circuitOpen;
    }

    async function run(): Promise<WireResult> {
      if (!limits.mayStart()) return { kind: 'not-sent', reason: 'may-not-send' };
      const passage = breaker.enter();
      if (passage === undefined) return circuitOpen;
      const deadlineMs = limits.deadlineMs();
      const { origin, path } = request.host === undefined ? base : otherBase(request.host);
      const answer = await exchange(agent, {
        origin,
        path: path + request.path,
        method: request.method,
        headers: { ...request.headers, ...secretHeaders },
        body: request.body,
        deadlineMs,
        mayStart: limits.mayStart,
      });
      passage.leave(signOf(answer, deadlineMs));
      if (answer.kind === 'answer' && answer.status === 429)
        bucket.pause(rateLimit.pauseMs(retryAfterMs(answer.headers, clock.now())));
      else if (answer.kind === 'answer') rateLimit.isOver();
      return answer;
    }
  }

  return {
    async read(request, secretHeaders) {
      const endsMs = clock.monotonicMs() + readDeadlineMs;
      const leftMs = (): number => Math.max(1, endsMs - clock.monotonicMs());
      for (let attempt = 1; ; attempt += 1) {
        const deadlineMs = (): number => attemptDeadlineMs(leftMs(), attempt);
        const limits = { waitMs: leftMs(), deadlineMs, mayStart: () => true, attempt };
        const result = await call('read', request, secretHeaders, limits);
        const pauseMs = readAgainAfterMs(result, attempt, Math.random);
        if (pauseMs === null || pauseMs >= leftMs()) return result;
        await sleep(pauseMs);
      }
    },
    send(request, secretHeaders, { deadlineMs, mayStillSend }) {
      const limits = {
        waitMs: SEND_WAIT_MS,
        deadlineMs: () => deadlineMs,
        mayStart: mayStillSend,
        attempt: 1,
      };
      return call('send', request, secretHeaders, limits);
    },
    isGivenUp: () => breaker.refuses(),
    readsWithin: (durationMs) => lanes.readsWithin(durationMs, typicalReadMs),
    async close() {
      await lanes.close();
      await agent.destroy();
    },
  };
}
