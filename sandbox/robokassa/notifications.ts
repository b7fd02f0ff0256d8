import { ControlError } from '../control-error.ts';
import type { Journal } from '../journal.ts';
import { formatMinor } from '../money.ts';
import type { WebhookMode } from '../simulator.ts';
import { WebhookOutbox } from '../webhook-outbox.ts';
import { getShop } from './accounts.ts';
import { EXPONENT, wireAmount } from './amount.ts';
import { type PaymentRecord, STATES } from './records.ts';
import type { Settings } from './settings.ts';
import { signatureOf } from './signature.ts';
import { forgedJws, PUBLIC_KEY, signJws } from './signing-key.ts';
import { SHP_FIELDS } from './user-fields.ts';

const ATTEMPT_TIMEOUT_MS = 10_000;
const ATTEMPTS = 6; // the first one and five repeats
const FIRST_RETRY_MS = 20;
const LIE_MINOR = 99_999_900n;
const WRONG_PASSWORD = 'not-the-password';

/**
 * What the provider tells a shop of payments (docs.robokassa.ru/ru/notifications-and-redirects): ResultURL, a form that is
 * acknowledged by `OK` and the invoice, and ResultUrl2, a JWS that is acknowledged by any 2xx. Nothing tells of refunds.
 */
export class NotificationSender {
  readonly #outbox: WebhookOutbox;

  constructor(journal: Journal, defaultUrl: string | undefined) {
    this.#outbox = new WebhookOutbox(journal, defaultUrl, {
      journalKind: 'robokassa.webhooks',
      acknowledges: (status) => status >= 200 && status < 300,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      attempts: ATTEMPTS,
      firstRetryMs: FIRST_RETRY_MS,
      disablesAfterFailure: false,
    });
  }

  /** Throws ControlError: signatures are made with Password2 and with the provider's own key. */
  setMode(mode: WebhookMode): void {
    if (mode.secret !== undefined || mode.account !== undefined) {
      const field = mode.secret === undefined ? 'account' : 'secret';
      throw new ControlError(field, 'robokassa signs with Password2 and with a key of its own');
    }
    this.#outbox.setMode(mode);
  }

  describe(): Record<string, unknown> {
    return { ...this.#outbox.mode, publicKey: PUBLIC_KEY, deliveries: this.#outbox.deliveries };
  }

  reset(): void {
    this.#outbox.reset();
  }

  close(): void {
    this.#outbox.close();
  }

  /** A payment came into its present state: money that arrived is told by both, a hold by ResultUrl2 only. */
  payment(payment: PaymentRecord, settings: Settings, now: number): void {
    const { mode } = this.#outbox.mode;
    if (mode === 'off' || (payment.state !== STATES.paid && payment.state !== STATES.held)) return;
    const forged = mode === 'forge';
    if (payment.state === STATES.paid && settings.notifications.includes('ResultURL')) {
      this.#resultUrl(payment, settings, forged);
    }
    if (settings.notifications.includes('ResultUrl2')) this.#resultUrl2(payment, now, forged);
  }

  // A lie has another sum and was signed with another password.
  #resultUrl(payment: PaymentRecord, { hash, decimals }: Settings, forged: boolean): void {
    const shop = getShop(payment.merchantLogin);
    const outSum = wireAmount(forged ? LIE_MINOR : payment.outMinor, decimals);
    const shp = SHP_FIELDS.map(([name, value]) => `${name}=${value}`);
    const password = forged ? WRONG_PASSWORD : shop.password2;
    const body = new URLSearchParams([
      ['OutSum', outSum],
      ['InvId', payment.id],
      ['Fee', wireAmount(0n, decimals)],
      ['EMail', 'buyer@example.com'],
      ['SignatureValue', signatureOf(hash, [outSum, payment.id, password, ...shp])],
      ['PaymentMethod', payment.method],
      ['IncCurrLabel', payment.method],
      ...SHP_FIELDS.map(([name, value]) => [name, value]),
    ]).toString();
    this.#outbox.send({
      event: 'ResultURL',
      objectId: payment.id,
      account: shop.account,
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      forged,
      expects: `OK${payment.id}`,
    });
  }

  #resultUrl2(payment: PaymentRecord, now: number, forged: boolean): void {
    const shop = getShop(payment.merchantLogin);
    const payload = {
      header: {
        type: 'PaymentStateNotification',
        version: '1.0.0',
        timestamp: String(Math.floor(now / 1_000)),
      },
      data: {
        shop: shop.merchantLogin,
        opKey: payment.opKey,
        invId: payment.id,
        paymentMethod: payment.method,
        incSum: formatMinor(forged ? LIE_MINOR : payment.incMinor, EXPONENT),
        state: payment.state === STATES.held ? 'HOLD' : 'OK',
      },
    };
    this.#outbox.send({
      event: 'ResultUrl2',
      objectId: payment.id,
      account: shop.account,
      body: forged ? forgedJws(payload) : signJws(payload),
      headers: { 'content-type': 'application/jwt' },
      forged,
    });
  }
}
