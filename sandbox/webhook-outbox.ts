import { setTimeout as pause } from 'node:timers/promises';
import { ControlError } from './control-error.ts';
import type { Journal } from './journal.ts';
import type { WebhookMode } from './simulator.ts';

/** A message to a merchant's server: the same headers and bytes at every attempt, unless each attempt has its own. */
export interface Notification {
  event: string;
  objectId: string;
  account: string;
  /** What follows the URL. */
  path?: string;
  body: string | (() => string);
  headers?: Record<string, string> | (() => Record<string, string>);
  /** A lie, sent in the mode "forge" only. */
  forged: boolean;
  /** The text that an answer must have to count, besides its status. */
  expects?: string;
}

/** One notification and what became of it. */
export interface Delivery {
  event: string;
  objectId: string;
  url: string;
  forged: boolean;
  attempts: number;
  lastStatus: number | null;
  acknowledged: boolean;
}

/** What providers do differently. */
export interface OutboxPolicy {
  /** Where the journal keeps the mode. */
  journalKind: string;
  acknowledges: (status: number) => boolean;
  attemptTimeoutMs: number;
  /**
   * Whether a notification that was never acknowledged ends all notifications until they are switched on again. A lie
   * ends none: it is not the provider's.
   */
  disablesAfterFailure: boolean;
  /** How often one notification is sent at most. Default 8. */
  attempts?: number;
  /** The first pause between attempts; it doubles up to 5 s. Default 200. */
  firstRetryMs?: number;
}

const MAX_ATTEMPTS = 8;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;
const REORDER_WINDOW_MS = 200;
const KEPT_DELIVERIES = 1_000;

/**
 * Delivers notifications as they are switched on: once, twice, in the wrong order, or lies only. What is not
 * acknowledged is repeated, here within seconds and 8 times at most instead of for a day. `{account}` in the URL becomes
 * the account code, `{event}` the name of the event.
 */
export class WebhookOutbox {
  readonly #journal: Journal;
  readonly #defaultUrl: string | undefined;
  readonly #policy: OutboxPolicy;
  readonly #stopped = new AbortController();
  #mode: WebhookMode;
  #disabled = false;
  #held: (() => Promise<void>)[] = [];
  #deliveries: Delivery[] = [];

  constructor(journal: Journal, defaultUrl: string | undefined, policy: OutboxPolicy) {
    this.#journal = journal;
    this.#defaultUrl = defaultUrl;
    this.#policy = policy;
    const stored = journal.take(policy.journalKind).get('mode');
    this.#mode = stored === undefined ? this.#initial() : (stored as WebhookMode);
  }

  get mode(): WebhookMode {
    return this.#mode;
  }

  get deliveries(): Delivery[] {
    return this.#deliveries;
  }

  /** Whether notifications ended because one was never acknowledged. */
  get disabled(): boolean {
    return this.#disabled;
  }

  /** Throws ControlError when no URL was ever given. */
  setMode(mode: WebhookMode): void {
    if (mode.mode !== 'off' && mode.url === undefined && this.#mode.url === undefined) {
      throw new ControlError('url', 'is needed: neither an earlier call nor SANDBOX_WEBHOOK_URL gave one');
    }
    this.#mode = { mode: mode.mode, url: mode.url ?? this.#mode.url };
    this.#disabled = false;
    this.#journal.append([{ kind: this.#policy.journalKind, id: 'mode', value: this.#mode }]);
  }

  reset(): void {
    this.#mode = this.#initial();
    this.#disabled = false;
    this.#deliveries = [];
    this.#held = [];
  }

  close(): void {
    this.#stopped.abort();
  }

  /** Sends what the mode lets through, after the answer to the call that caused it. */
  send(notification: Notification): void {
    const { mode } = this.#mode;
    if (mode === 'off' || this.#disabled || notification.forged !== (mode === 'forge')) return;
    this.#start(notification);
    if (mode === 'duplicate') this.#start(notification);
  }

  #start(notification: Notification): void {
    if (this.#mode.url === undefined) return;
    const { event, objectId, account, path = '', forged } = notification;
    const url = this.#mode.url.replaceAll('{account}', account).replaceAll('{event}', event) + path;
    const delivery: Delivery = {
      event,
      objectId,
      url,
      forged,
      attempts: 0,
      lastStatus: null,
      acknowledged: false,
    };
    this.#deliveries = [...this.#deliveries.slice(1 - KEPT_DELIVERIES), delivery];
    const start = (): Promise<void> => this.#deliver(delivery, notification).catch(() => undefined); // only the stop of the sandbox ends it early
    if (this.#mode.mode === 'reorder') this.#hold(start);
    else setImmediate(() => void start());
  }

  // Collects what happens within a short window and sends it newest first, one after the other.
  #hold(start: () => Promise<void>): void {
    this.#held.push(start);
    if (this.#held.length > 1) return;
    const release = async (): Promise<void> => {
      const held = this.#held;
      this.#held = [];
      for (const next of held.toReversed()) await next();
    };
    setTimeout(() => void release(), REORDER_WINDOW_MS).unref();
  }

  async #deliver(delivery: Delivery, notification: Notification): Promise<void> {
    const { acknowledges, disablesAfterFailure, firstRetryMs = FIRST_RETRY_MS } = this.#policy;
    const { attempts = MAX_ATTEMPTS } = this.#policy;
    const { expects } = notification;
    for (let wait = firstRetryMs; ; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      delivery.attempts += 1;
      const answer = await this.#attempt(delivery.url, notification);
      delivery.lastStatus = answer?.status ?? null;
      delivery.acknowledged =
        answer !== null &&
        acknowledges(answer.status) &&
        (expects === undefined || answer.text.trim() === expects);
      if (delivery.acknowledged) return;
      if (delivery.attempts === attempts) {
        this.#disabled ||= disablesAfterFailure && !notification.forged;
        return;
      }
      await pause(wait, undefined, { signal: this.#stopped.signal, ref: false });
    }
  }

  async #attempt(
    url: string,
    { body, headers, expects }: Notification,
  ): Promise<{ status: number; text: string } | null> {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(typeof headers === 'function' ? headers() : headers),
        },
        body: typeof body === 'string' ? body : body(),
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#policy.attemptTimeoutMs)]),
      });
      if (expects !== undefined) return { status: answer.status, text: await answer.text() };
      await answer.body?.cancel();
      return { status: answer.status, text: '' };
    } catch {
      return null;
    }
  }

  #initial(): WebhookMode {
    return { mode: 'off', url: this.#defaultUrl };
  }
}
