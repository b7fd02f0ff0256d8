import type { Money } from '../money.ts';
import type { AccountAccess } from './provider.ts';

/** One request to the webhook URL of an account, as it came. */
export interface WebhookRequest {
  readonly method: 'POST' | 'GET';
  /** What follows the `?`, undecoded; empty without one. */
  readonly query: string;
  /** One value each, by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they came: signatures are made of them. */
  readonly body: Buffer;
}

/** What a delivery is about, as far as it says; without any name it is about nothing of ours. */
export interface WebhookSubject {
  readonly providerRefundId: string | null;
  readonly providerPaymentId: string | null;
  /** Our reference (MONEY section 3), where the provider gives it back. */
  readonly ourReference: string | null;
}

/**
 * What a signed message proves of a refund where its provider cannot be asked (MONEY section 9): the evidence itself,
 * and not only a reason to look.
 */
export interface WebhookEvidence {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'UNRECOGNISED';
  readonly rawStatus: string;
  /** Null where the message does not repeat it. */
  readonly amount: Money | null;
  /** When it happened, by the provider's clock: the order of messages. */
  readonly at: Date;
}

/** One message of a request. */
export interface WebhookMessage {
  /** In the provider's word, at most 100 characters. */
  readonly event: string;
  /**
   * The same at every repetition of the message and at none of another, at most 300 characters: by what the provider
   * says of its repetitions, which may carry new ids and signatures.
   */
  readonly deduplicationKey: string;
  readonly subject: WebhookSubject;
  /** Only where nothing can be asked: everywhere else what a message says is never believed. */
  readonly evidence?: WebhookEvidence;
}

/** The provider's own form of an answer. */
export interface WebhookAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Why a request is refused. Told in the log and counted; the answer does not say more than its status. */
export const webhookRefusals = [
  /** The account has nothing set by which a delivery could be verified. */
  'NOT_CONFIGURED',
  /** No signature, or one that is not of any secret of the account. */
  'FORGED',
  /** Verified, and outside the time for which its provider says it is good. */
  'STALE',
  /** Verified, and of another account of the provider. */
  'FOREIGN',
  /** It cannot be read. */
  'MALFORMED',
] as const;
export type WebhookRefusal = (typeof webhookRefusals)[number];

/** What a request turned out to be. */
export type WebhookReading =
  /** Verified: answered once its messages are stored. Empty: about nothing of ours, answered and forgotten. */
  | {
      readonly kind: 'taken';
      readonly messages: readonly WebhookMessage[];
      readonly answer: WebhookAnswer;
    }
  | { readonly kind: 'refused'; readonly reason: WebhookRefusal; readonly answer: WebhookAnswer }
  /** It cannot be verified now, since the keys of the provider cannot be had: answered 503, to be sent again. */
  | { readonly kind: 'unavailable' };

/** How a provider tells of changes. Pure but for keys that it fetches from the provider. */
export interface WebhookReceiver<Credentials = unknown, Options = unknown> {
  /** What the provider puts behind the account's URL; empty where it sends to the URL itself. */
  readonly path: string;
  /** `GET` where the provider may be set to it, besides POST. */
  readonly methods: readonly ('POST' | 'GET')[];
  /** The events that are of use here, in the provider's words; others are acknowledged and forgotten. */
  readonly events: readonly string[];
  /**
   * `SIGNATURE`: what is not signed is refused. `NOTHING`: anybody may have sent it, so that a repetition of what was
   * worked on is a reason to look again.
   */
  readonly verifiedBy: 'SIGNATURE' | 'NOTHING';
  /** Never throws for what was sent. */
  read(
    access: AccountAccess<Credentials, Options>,
    request: WebhookRequest,
  ): Promise<WebhookReading> | WebhookReading;
}

/** The usual answer to what was taken: a bare 200. */
export const acknowledged: WebhookAnswer = { status: 200, contentType: 'text/plain', body: '' };

/** The usual answer to what was not: 401 to what is not verified or not ours, 400 to what cannot be read. */
export const refused = (reason: WebhookRefusal): Extract<WebhookReading, { kind: 'refused' }> => ({
  kind: 'refused',
  reason,
  answer: { status: reason === 'MALFORMED' ? 400 : 401, contentType: 'text/plain', body: '' },
});
