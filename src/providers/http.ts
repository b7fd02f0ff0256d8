/** A request without its secrets, exactly as it is stored and sent again. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Below the account's base URL, with its query string: `/refunds?limit=100`. */
  readonly path: string;
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
      readonly headers: Readonly<Record<string, string>>;
      readonly text: string;
    }
  /** Provably no byte of the request reached the provider. */
  | { readonly kind: 'not-sent'; readonly reason: string }
  /** Bytes may have arrived, and there is no complete answer. */
  | { readonly kind: 'lost'; readonly reason: string };

export interface SendOptions {
  readonly deadlineMs: number;
  /** Asked right before the first byte; false makes the outcome `not-sent`. */
  readonly mayStillSend: () => boolean;
}

/** The HTTP client of one account: its base URL, limits and log. */
export interface AccountHttp {
  /** Reads, tried again (bounded) on transport faults, 5xx and 429; a redirect is not followed. */
  read(request: WireRequest, secretHeaders: Readonly<Record<string, string>>): Promise<WireResult>;
  /** Sends once. Never repeated here: whether to send again is a decision about money. */
  send(
    request: WireRequest,
    secretHeaders: Readonly<Record<string, string>>,
    options: SendOptions,
  ): Promise<WireResult>;
}
