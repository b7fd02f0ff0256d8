import { createHmac } from 'node:crypto';
import { ControlError } from '../control-error.ts';
import type { Journal } from '../journal.ts';
import type { WebhookMode } from '../simulator.ts';
import { WebhookOutbox } from '../webhook-outbox.ts';
import { ACCOUNTS, findAccount, type StripeAccount } from './accounts.ts';
import { mintId } from './ids.ts';
import { type Json, secondsOf } from './view.ts';

export type RefundEvent =
  | 'refund.created'
  | 'refund.updated'
  | 'refund.failed'
  | 'charge.refunded'
  | 'charge.refund.updated';

/** `event.request`: what brought an event about. */
export interface Cause {
  id: string | null;
  idempotency_key: string | null;
}

/** After a rotation the old secret goes on signing for a day (docs.stripe.com/webhooks, "Roll endpoint signing secrets"). */
interface Secret {
  current: string;
  previous?: { secret: string; until: number } | undefined;
}

const SECRET_KIND = 'stripe.webhook-secret';
const ATTEMPT_TIMEOUT_MS = 10_000;
const ROLL_MS = 86_400_000;
const WRONG_SECRET = 'whsec_not_the_secret';
const OLD_SECONDS = 3_600;
const LIE_MINOR = 99_999_900;

/** `Stripe-Signature`: HMAC-SHA256 over `t.body`, one `v1` for each secret (docs.stripe.com/webhooks/signature). */
export function signatureOf(body: string, second: number, secrets: readonly string[]): string {
  const sign = (secret: string) => createHmac('sha256', secret).update(`${second}.${body}`).digest('hex');
  return [`t=${second}`, ...secrets.map((secret) => `v1=${sign(secret)}`)].join(',');
}

/**
 * Events as the provider sends them: signed with the account's secret, acknowledged by any 2xx. Every attempt is signed
 * anew, with its own time (docs.stripe.com/webhooks, "Preventing replay attacks").
 */
export class WebhookSender {
  readonly #journal: Journal;
  readonly #outbox: WebhookOutbox;
  readonly #now: () => number;
  #secrets: Map<string, Secret>;

  constructor(journal: Journal, defaultUrl: string | undefined, now: () => number) {
    this.#journal = journal;
    this.#now = now;
    // The journal is this program's own file.
    this.#secrets = new Map(
      [...journal.take(SECRET_KIND)].map(([account, value]) => [account, value as Secret]),
    );
    this.#outbox = new WebhookOutbox(journal, defaultUrl, {
      journalKind: 'stripe.webhooks',
      acknowledges: (status) => status >= 200 && status < 300,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      disablesAfterFailure: false,
    });
  }

  /** Switches events on or off, and rolls the secret of one account when one is given. */
  setMode(mode: WebhookMode): void {
    const { secret, account } = mode;
    if (account !== undefined && secret === undefined)
      throw new ControlError('secret', 'is needed with account');
    const owner = findAccount(account ?? 'stripe-demo');
    if (owner === undefined) {
      const known = ACCOUNTS.map((candidate) => candidate.account).join(', ');
      throw new ControlError('account', `unknown account; known are ${known}`);
    }
    this.#outbox.setMode(mode);
    if (secret === undefined) return;
    const previous = { secret: this.secretOf(owner), until: this.#now() + ROLL_MS };
    const rolled: Secret = { current: secret, previous };
    this.#secrets.set(owner.account, rolled);
    this.#journal.append([{ kind: SECRET_KIND, id: owner.account, value: rolled }]);
  }

  secretOf({ account, webhookSecret }: StripeAccount): string {
    return this.#secrets.get(account)?.current ?? webhookSecret;
  }

  describe(): Json {
    return { ...this.#outbox.mode, deliveries: this.#outbox.deliveries };
  }

  reset(): void {
    this.#secrets = new Map();
    this.#outbox.reset();
  }

  close(): void {
    this.#outbox.close();
  }

  /** Something happened; `object` is as it was at that moment. */
  event(
    type: RefundEvent,
    owner: StripeAccount,
    object: Json,
    version: string,
    now: number,
    cause: Cause = { id: null, idempotency_key: null },
  ): void {
    const body = envelope(type, object, version, now, cause);
    const sign = (): string => {
      const at = this.#now();
      return signatureOf(body, secondsOf(at), this.#signers(owner, at));
    };
    this.#send(type, owner, object, body, sign, false);
  }

  /**
   * For mode "forge": a lie about the refund signed with a wrong secret, an invented refund with the signature of other
   * bytes, and the refund as it is with a right signature that is an hour old.
   */
  forge(owner: StripeAccount, refund: Json, version: string, now: number): void {
    const cause = { id: null, idempotency_key: null };
    const second = secondsOf(now);
    const lie = { ...refund, status: 'succeeded', amount: LIE_MINOR };
    const [wrong, other, old] = [lie, { ...lie, id: mintId('re') }, refund].map((object) =>
      envelope('refund.updated', object, version, now, cause),
    ) as [string, string, string];
    const secret = this.secretOf(owner);
    const forgeries: [string, string][] = [
      [wrong, signatureOf(wrong, second, [WRONG_SECRET])],
      [other, signatureOf(`${other} `, second, [secret])],
      [old, signatureOf(old, second - OLD_SECONDS, [secret])],
    ];
    for (const [body, signature] of forgeries)
      this.#send('refund.updated', owner, refund, body, () => signature, true);
  }

  #signers(owner: StripeAccount, now: number): string[] {
    const previous = this.#secrets.get(owner.account)?.previous;
    const current = this.secretOf(owner);
    return previous === undefined || previous.until <= now ? [current] : [current, previous.secret];
  }

  #send(
    event: RefundEvent,
    { account }: StripeAccount,
    object: Json,
    body: string,
    sign: () => string,
    forged: boolean,
  ): void {
    const headers = () => ({ 'stripe-signature': sign() });
    this.#outbox.send({ event, objectId: String(object['id']), account, body, headers, forged });
  }
}

function envelope(type: RefundEvent, object: Json, version: string, now: number, request: Cause): string {
  return JSON.stringify({
    id: mintId('evt'),
    object: 'event',
    api_version: version,
    created: secondsOf(now),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request,
    type,
  });
}
