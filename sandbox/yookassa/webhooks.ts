import { setTimeout as pause } from 'node:timers/promises';
import type { Journal } from '../journal.ts';
import type { WebhookMode } from '../simulator.ts';
import { mintId } from './ids.ts';
import { isObject } from './refund-request.ts';

export type WebhookEvent =
  | 'refund.succeeded'
  | 'payment.waiting_for_capture'
  | 'payment.succeeded'
  | 'payment.canceled';

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

type Body = Record<string, unknown>;

const JOURNAL_KIND = 'yookassa.webhooks';
const MAX_ATTEMPTS = 8;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;
const ATTEMPT_TIMEOUT_MS = 10_000;
const REORDER_WINDOW_MS = 200;
const KEPT_DELIVERIES = 1_000;

/**
 * Sends notifications as the provider does: unsigned, acknowledged by exactly HTTP 200, repeated otherwise (here within
 * seconds and 8 times at most, instead of 24 hours). `{account}` in the URL becomes the account code.
 */
export class WebhookSender {
  readonly #journal: Journal;
  readonly #defaultUrl: string | undefined;
  readonly #stopped = new AbortController();
  #mode: WebhookMode;
  #held: (() => Promise<void>)[] = [];
  #deliveries: Delivery[] = [];

  constructor(journal: Journal, defaultUrl: string | undefined) {
    this.#journal = journal;
    this.#defaultUrl = defaultUrl;
    const stored = journal.take(JOURNAL_KIND).get('mode');
    this.#mode = stored === undefined ? this.#initial() : (stored as WebhookMode);
  }

  get mode(): WebhookMode {
    return this.#mode;
  }

  get deliveries(): Delivery[] {
    return this.#deliveries;
  }

  setMode(mode: WebhookMode): void {
    this.#mode = { mode: mode.mode, url: mode.url ?? this.#mode.url };
    this.#journal.append([{ kind: JOURNAL_KIND, id: 'mode', value: this.#mode }]);
  }

  reset(): void {
    this.#mode = this.#initial();
    this.#deliveries = [];
    this.#held = [];
  }

  close(): void {
    this.#stopped.abort();
  }

  /** Something happened that the provider notifies of; `object` is its state at that moment. */
  emit(event: WebhookEvent, account: string, object: Body): void {
    const { mode } = this.#mode;
    if (mode === 'off' || mode === 'forge') return;
    this.#send(event, account, object, false);
    if (mode === 'duplicate') this.#send(event, account, object, false);
  }

  /** In mode "forge": lies about a refund, one with an invented id and one with another amount and status. */
  forge(account: string, refund: Body, now: number): void {
    if (this.#mode.mode !== 'forge') return;
    const amount = isObject(refund['amount'])
      ? { ...refund['amount'], value: '999999.00' }
      : refund['amount'];
    this.#send('refund.succeeded', account, { ...refund, status: 'succeeded', amount }, true);
    this.#send(
      'refund.succeeded',
      account,
      { ...refund, status: 'succeeded', id: mintId('refund', now) },
      true,
    );
  }

  #send(event: WebhookEvent, account: string, object: Body, forged: boolean): void {
    if (this.#mode.url === undefined) return;
    const url = this.#mode.url.replaceAll('{account}', account);
    const delivery: Delivery = {
      event,
      objectId: String(object['id']),
      url,
      forged,
      attempts: 0,
      lastStatus: null,
      acknowledged: false,
    };
    this.#deliveries = [...this.#deliveries.slice(1 - KEPT_DELIVERIES), delivery];
    const body = JSON.stringify({ type: 'notification', event, object });
    const start = (): Promise<void> => this.#deliver(delivery, body).catch(() => undefined); // only the stop of the sandbox ends it early
    if (this.#mode.mode === 'reorder') this.#hold(start);
    else setImmediate(() => void start()); // after the answer to the call that caused it
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

  async #deliver(delivery: Delivery, body: string): Promise<void> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      delivery.attempts += 1;
      delivery.lastStatus = await this.#attempt(delivery.url, body);
      delivery.acknowledged = delivery.lastStatus === 200;
      if (delivery.acknowledged || delivery.attempts === MAX_ATTEMPTS) return;
      await pause(wait, undefined, { signal: this.#stopped.signal, ref: false });
    }
  }

  async #attempt(url: string, body: string): Promise<number | null> {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      });
      await answer.body?.cancel();
      return answer.status;
    } catch {
      return null;
    }
  }

  #initial(): WebhookMode {
    return { mode: 'off', url: this.#defaultUrl };
  }
}
