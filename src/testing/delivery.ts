/** A request as a provider would send it: everything but the host. */
export interface ProviderDelivery {
  readonly method: 'POST' | 'GET';
  /** What follows the webhook URL of the account, with the query if there is one; empty for most providers. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent byte by byte: signatures are made of it. */
  readonly body: string;
}
