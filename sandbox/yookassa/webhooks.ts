import { ControlError } from '../control-error.ts';
import type { Journal } from '../journal.ts';
import { isObject } from '../json.ts';
import type { WebhookMode } from '../simulator.ts';
import { WebhookOutbox } from '../webhook-outbox.ts';
import { mintId } from './ids.ts';

export type WebhookEvent =
  | 'refund.succeeded'
  | 'payment.waiting_for_capture'
  | 'payment.succeeded'
  | 'payment.canceled';

type Body = Record<string, unknown>;

const ATTEMPT_TIMEOUT_MS = 10_000;

/** Notifications as the provider sends them: unsigned, acknowledged by exactly HTTP 200. */
export class WebhookSender {
  readonly #outbox: WebhookOutbox;

  constructor(journal: Journal, defaultUrl: string | undefined) {
    this.#outbox = new WebhookOutbox(journal, defaultUrl, {
      journalKind: 'yookassa.webhooks',
      acknowledges: (status) => status === 200,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      disablesAfterFailure: false,
    });
  }

  setMode(mode: WebhookMode): void {
    if (mode.secret !== undefined || mode.account !== undefined) {
      throw new ControlError(mode.secret === undefined ? 'account' : 'secret', 'yookassa does not sign');
    }
    this.#outbox.setMode(mode);
  }

  describe(): Body {
    return { ...this.#outbox.mode, deliveries: this.#outbox.deliveries };
  }

  reset(): void {
    this.#outbox.reset();
  }

  close(): void {
    this.#outbox.close();
  }

  /** Something happened that the provider notifies of; `object` is its state at that moment. */
  emit(event: WebhookEvent, account: string, object: Body): void {
    this.#send(event, account, object, false);
  }

  /** For mode "forge": lies about a refund, one with an invented id and one with another amount and status. */
  forge(account: string, refund: Body, now: number): void {
    const amount = isObject(refund['amount'])
      ? { ...refund['amount'], value: '999999.00' }
      : refund['amount'];
    this.#send('refund.succeeded', account, { ...refund, status: 'succeeded', amount }, true);
    const invented = { ...refund, status: 'succeeded', id: mintId('refund', now) };
    this.#send('refund.succeeded', account, invented, true);
  }

  #send(event: WebhookEvent, account: string, object: Body, forged: boolean): void {
    const body = JSON.stringify({ type: 'notification', event, object });
    this.#outbox.send({ event, objectId: String(object['id']), account, body, forged });
  }
}
