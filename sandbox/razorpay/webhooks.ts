import { createHmac } from 'node:crypto';
import { ControlError } from '../control-error.ts';
import type { Journal } from '../journal.ts';
import type { WebhookMode } from '../simulator.ts';
import { WebhookOutbox } from '../webhook-outbox.ts';
import { ACCOUNTS, findAccount, type MerchantAccount } from './accounts.ts';
import { mintId, mintSuffix } from './ids.ts';
import { type Json, secondsOf } from './view.ts';

export type RefundEvent = 'refund.created' | 'refund.processed' | 'refund.failed' | 'refund.speed_changed';
export type PaymentEvent = 'payment.authorized' | 'payment.captured' | 'payment.failed';

const SECRET_KIND = 'razorpay.webhook-secret';
const ATTEMPT_TIMEOUT_MS = 5_000;
const WRONG_SECRET = 'not-the-secret';
const LIE_MINOR = 99_999_900;

/** Lower-case hex of HMAC-SHA256 over the exact bytes of a body (docs webhooks/validate-test). */
export function signatureOf(body: string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/**
 * Events as the provider sends them: signed, with an id that is the same at every redelivery, acknowledged by any 2xx
 * within 5 s, and ended altogether when one is never acknowledged. An event keeps the signature that it was born with, so
 * after a rotation old events still carry the old secret's.
 */
export class WebhookSender {
  readonly #journal: Journal;
  readonly #outbox: WebhookOutbox;
  #secrets: Map<string, string>;

  constructor(journal: Journal, defaultUrl: string | undefined) {
    this.#journal = journal;
    const stored = journal.take(SECRET_KIND);
    this.#secrets = new Map([...stored].map(([account, secret]) => [account, String(secret)]));
    this.#outbox = new WebhookOutbox(journal, defaultUrl, {
      journalKind: 'razorpay.webhooks',
      acknowledges: (status) => status >= 200 && status < 300,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      disablesAfterFailure: true,
    });
  }

  /** Switches events on or off, and rotates the secret of one account when one is given. */
  setMode(mode: WebhookMode): void {
    const { secret, account } = mode;
    if (account !== undefined && secret === undefined)
      throw new ControlError('secret', 'is needed with account');
    const owner = findAccount(account ?? 'razorpay-demo');
    if (owner === undefined) {
      const known = ACCOUNTS.map((candidate) => candidate.account).join(', ');
      throw new ControlError('account', `unknown account; known are ${known}`);
    }
    this.#outbox.setMode(mode);
    if (secret === undefined) return;
    this.#secrets.set(owner.account, secret);
    this.#journal.append([{ kind: SECRET_KIND, id: owner.account, value: secret }]);
  }

  secretOf({ account, webhookSecret }: MerchantAccount): string {
    return this.#secrets.get(account) ?? webhookSecret;
  }

  describe(): Json {
    const { deliveries, disabled, mode } = this.#outbox;
    return { ...mode, disabled, deliveries };
  }

  reset(): void {
    this.#secrets = new Map();
    this.#outbox.reset();
  }

  close(): void {
    this.#outbox.close();
  }

  /** Something happened to a refund; the objects are as they were at that moment. */
  refund(event: RefundEvent, owner: MerchantAccount, refund: Json, payment: Json, now: number): void {
    const { batch_id: _, ...withoutBatch } = refund;
    const entity = event === 'refund.speed_changed' ? withoutBatch : refund;
    const payload = { refund: { entity }, payment: { entity: payment } };
    this.#send(event, owner, String(refund['id']), payload, now);
  }

  /** Something happened to a payment. */
  payment(event: PaymentEvent, owner: MerchantAccount, payment: Json, now: number): void {
    this.#send(event, owner, String(payment['id']), { payment: { entity: payment } }, now);
  }

  /** For mode "forge": a lie signed with a wrong secret, and an invented refund with the signature of other bytes. */
  forge(owner: MerchantAccount, refund: Json, payment: Json, now: number): void {
    const lie = { ...refund, status: 'processed', amount: LIE_MINOR };
    const lies = [lie, { ...lie, id: mintId('rfnd') }].map((entity) =>
      envelope('refund.processed', owner, { refund: { entity }, payment: { entity: payment } }, now),
    );
    const secrets = [WRONG_SECRET, this.secretOf(owner)];
    for (const [index, body] of lies.entries()) {
      const signed = index === 0 ? body : `${body} `;
      const headers = headersOf(signatureOf(signed, secrets[index] ?? WRONG_SECRET));
      const objectId = String(refund['id']);
      this.#outbox.send({
        event: 'refund.processed',
        objectId,
        account: owner.account,
        body,
        headers,
        forged: true,
      });
    }
  }

  #send(
    event: RefundEvent | PaymentEvent,
    owner: MerchantAccount,
    objectId: string,
    payload: Json,
    now: number,
  ): void {
    const body = envelope(event, owner, payload, now);
    const headers = headersOf(signatureOf(body, this.secretOf(owner)));
    this.#outbox.send({ event, objectId, account: owner.account, body, headers, forged: false });
  }
}

/** The published sample of one event has its time inside the payload, and a refund without `batch_id` (docs, webhooks). */
function envelope(event: string, { accountId }: MerchantAccount, payload: Json, now: number): string {
  const time = { created_at: secondsOf(now) };
  const isInside = event === 'refund.speed_changed';
  return JSON.stringify({
    entity: 'event',
    account_id: accountId,
    event,
    contains: Object.keys(payload),
    payload: isInside ? { ...payload, ...time } : payload,
    ...(isInside ? {} : time),
  });
}

function headersOf(signature: string): Record<string, string> {
  return { 'x-razorpay-signature': signature, 'x-razorpay-event-id': mintSuffix() };
}
