import { z } from 'zod';
import { webhookSecrets } from '../webhook-signature.ts';
import { standIn } from './connector-call.ts';

const secret = z.string().regex(/^[!-~]{1,512}$/, 'must be 1 to 512 visible ASCII characters');
/** Its deliveries are verified by the built-in adapter, as without Prism. */
const stripeSecret = z
  .string()
  .regex(/^whsec_[!-~]{1,250}$/, 'must be the signing secret of a webhook endpoint ("whsec_...")');
/** As the Customer Area generates it for a webhook; it verifies what Adyen tells of its refunds. */
const hmacKey = z
  .string()
  .regex(/^(?:[0-9A-Fa-f]{2}){16,64}$/, 'must be the HMAC key of a webhook, in hexadecimal digits');
/** Not secret. */
const name = z.string().regex(/^[!-~]{1,128}$/, 'must be 1 to 128 visible ASCII characters');

/** The connectors that have a truth of their own here; the library knows many more. */
export const connectors = ['stripe', 'adyen', 'checkout'] as const;
export type ConnectorName = (typeof connectors)[number];

/**
 * What the library wants of each connector (hyperswitch-prism 0.4.0, `ConnectorSpecificConfig`), and which account at
 * the provider it is. A bare or empty secret would be sent as an empty one, so everything is checked here.
 */
export const credentials = z.discriminatedUnion('connector', [
  z.strictObject({
    connector: z.literal('stripe'),
    apiKey: secret,
    accountId: z.string().regex(/^acct_\w{1,64}$/, 'must be "acct_" and what follows it in the dashboard'),
    webhookSecrets: webhookSecrets(stripeSecret),
  }),
  z.strictObject({
    connector: z.literal('adyen'),
    apiKey: secret,
    merchantAccount: name,
    webhookSecrets: webhookSecrets(hmacKey),
  }),
  z.strictObject({
    connector: z.literal('checkout'),
    apiKey: secret,
    apiSecret: secret,
    processingChannelId: name,
  }),
]);
export type PrismCredentials = z.output<typeof credentials>;
export type CredentialsOf<Name extends ConnectorName> = Extract<PrismCredentials, { connector: Name }>;

/** The account at the provider itself: the same one must not be reached by two accounts. */
export function identityOf(given: PrismCredentials): string {
  switch (given.connector) {
    case 'stripe':
      return given.accountId;
    case 'adyen':
      return given.merchantAccount;
    case 'checkout':
      return given.processingChannelId;
  }
}

/** Whose name the identity is: Stripe's is the same as without Prism. */
export const identitySpaceOf = ({ connector }: PrismCredentials): string =>
  connector === 'stripe' ? 'stripe' : `prism/${connector}`;

/**
 * The connector's configuration in the library. It is given no secret: only the merchant account of adyen, which is a name
 * and a part of the body, has to be the real one.
 */
export function connectorFields(
  given: PrismCredentials,
): Readonly<Record<string, { readonly value: string }>> {
  switch (given.connector) {
    case 'stripe':
      return { apiKey: standIn };
    case 'adyen':
      return { apiKey: standIn, merchantAccount: { value: given.merchantAccount } };
    case 'checkout':
      return { apiKey: standIn, apiSecret: standIn, processingChannelId: standIn };
  }
}
