import { createHmac } from 'node:crypto';
import { ControlError } from '../../control-error.ts';
import type { Journal } from '../../journal.ts';
import type { WebhookMode } from '../../simulator.ts';
import { WebhookOutbox } from '../../webhook-outbox.ts';
import { ACCOUNTS, DEFAULT_ACCOUNT, findAccount, getAccount, type MerchantAccount } from '../accounts.ts';
import type { Cancellation, Json } from '../connector.ts';
import type { PaymentRecord, RefundRecord } from '../records.ts';

const SECRET_KIND = 'prism.hmac-key';
const ATTEMPT_TIMEOUT_MS = 10_000;
const WRONG_KEY = '00'.repeat(32);
const LIE_MINOR = 99_999_900;

/** The fields of a notification that its signature covers, and the reason, which it does not. */
export interface Item {
  pspReference: string;
  originalReference: string;
  merchantReference: string;
  amount: { value: number; currency: string };
  eventCode: string;
  success: 'true' | 'false';
  reason: string;
}

/** Base64 of HMAC-SHA256 with the bytes of a hex key over eight fields, joined by colons. */
export function signatureOf(item: Item & { merchantAccountCode: string }, hmacKey: string): string {
  const { pspReference, originalReference, merchantAccountCode, merchantReference, amount } = item;
  const signed = [pspReference, originalReference, merchantAccountCode, merchantReference];
  const text = [...signed, amount.value, amount.currency, item.eventCode, item.success].join(':');
  return createHmac('sha256', Buffer.from(hmacKey, 'hex')).update(text).digest('base64');
}

/** Adyen's standard notifications: one item each, signed inside the body. The only way to learn an outcome. */
export class NotificationSender {
  readonly #journal: Journal;
  readonly #outbox: WebhookOutbox;
  #keys: Map<string, string>;

  constructor(journal: Journal, defaultUrl: string | undefined) {
    this.#journal = journal;
    const stored = journal.take(SECRET_KIND);
    this.#keys = new Map([...stored].map(([account, key]) => [account, String(key)]));
    this.#outbox = new WebhookOutbox(journal, defaultUrl, {
      journalKind: 'prism.webhooks',
      acknowledges: (status) => status >= 200 && status < 300,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      disablesAfterFailure: false,
    });
  }

  /** Switches notifications on or off, and replaces the HMAC key of one account when one is given. */
  setMode(mode: WebhookMode): void {
    const { secret, account = DEFAULT_ACCOUNT } = mode;
    if (findAccount(account) === undefined) {
      const known = ACCOUNTS.map((candidate) => candidate.account).join(', ');
      throw new ControlError('account', `unknown account; known are ${known}`);
    }
    if (secret !== undefined && !/^(?:[0-9A-Fa-f]{2}){16,64}$/.test(secret))
      throw new ControlError('secret', 'must be 32 to 128 hexadecimal digits');
    this.#outbox.setMode(mode);
    if (secret === undefined) return;
    this.#keys.set(account, secret);
    this.#journal.append([{ kind: SECRET_KIND, id: account, value: secret }]);
  }

  keyOf({ account, adyen }: MerchantAccount): string {
    return this.#keys.get(account) ?? adyen.hmacKey;
  }

  describe(): Json {
    const { deliveries, mode } = this.#outbox;
    return { ...mode, deliveries };
  }

  reset(): void {
    this.#keys = new Map();
    this.#outbox.reset();
  }

  close(): void {
    this.#outbox.close();
  }

  /** A refund as it is now: REFUND with success true or false, or what happened to it after it had succeeded. */
  refund(
    refund: RefundRecord,
    eventCode: 'REFUND' | 'REFUND_FAILED' | 'REFUNDED_REVERSED',
    now: number,
  ): void {
    const owner = getAccount(refund.account);
    const item: Item = {
      pspReference: refund.id,
      originalReference: refund.paymentId,
      merchantReference: refund.reference ?? '',
      amount: { value: Number(refund.amountMinor), currency: refund.currency },
      eventCode,
      success: eventCode === 'REFUND' && refund.status === 'failed' ? 'false' : 'true',
      reason: refund.failure ?? '',
    };
    this.#send(owner, item, now);
    this.#forge(owner, item, now);
  }

  /** The outcome of a cancel. */
  cancellation(payment: PaymentRecord, { id, reference, done }: Cancellation, now: number): void {
    this.#send(
      getAccount(payment.account),
      {
        pspReference: id,
        originalReference: payment.id,
        merchantReference: reference ?? '',
        amount: { value: Number(payment.amountMinor), currency: payment.currency },
        eventCode: 'CANCELLATION',
        success: done ? 'true' : 'false',
        reason: done ? '' : 'Transaction is not authorised',
      },
      now,
    );
  }

  // Two lies: the opposite of the truth with a wrong key, and another amount with the signature of the true one.
  #forge(owner: MerchantAccount, item: Item, now: number): void {
    const opposite = { ...item, success: item.success === 'true' ? 'false' : 'true' } as const;
    this.#post(owner, opposite, this.#sign(owner, opposite, WRONG_KEY), now, true);
    const inflated = { ...item, amount: { ...item.amount, value: LIE_MINOR } };
    this.#post(owner, inflated, this.#sign(owner, item, this.keyOf(owner)), now, true);
  }

  #send(owner: MerchantAccount, item: Item, now: number): void {
    this.#post(owner, item, this.#sign(owner, item, this.keyOf(owner)), now, false);
  }

  #sign({ adyen }: MerchantAccount, item: Item, hmacKey: string): string {
    return signatureOf({ ...item, merchantAccountCode: adyen.merchantAccount }, hmacKey);
  }

  #post(owner: MerchantAccount, item: Item, hmacSignature: string, now: number, forged: boolean): void {
    const { merchantAccount } = owner.adyen;
    const NotificationRequestItem = {
      additionalData: { hmacSignature },
      ...item,
      merchantAccountCode: merchantAccount,
      eventDate: new Date(now).toISOString().replace(/\.\d+Z$/, '+00:00'),
    };
    this.#outbox.send({
      event: item.eventCode,
      objectId: item.pspReference,
      account: owner.account,
      body: JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem }] }),
      forged,
    });
  }
}
