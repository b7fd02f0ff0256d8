import { z } from 'zod';
import { webhookSecrets } from '../webhook-signature.ts';

/** A secret or a restricted key; it decides between live and test mode (docs.stripe.com/keys). */
const apiKey = z
  .string()
  .regex(/^[sr]k_[A-Za-z0-9_]{8,250}$/, 'must be a secret ("sk_...") or restricted ("rk_...") key');

const accountId = z
  .string()
  .regex(/^acct_[A-Za-z0-9]{1,64}$/, 'must be "acct_" and letters or digits, as the dashboard shows it');

/** The signing secret of a webhook endpoint (docs.stripe.com/webhooks/signature). */
const webhookSecret = z
  .string()
  .regex(/^whsec_[!-~]{1,250}$/, 'must be the signing secret of a webhook endpoint ("whsec_...")');

/** The key and the account that it belongs to: a key does not show whose it is. */
export const credentials = z.strictObject({
  apiKey,
  accountId,
  webhookSecrets: webhookSecrets(webhookSecret),
});
export type StripeCredentials = z.infer<typeof credentials>;

/** The Stripe account, however many keys it has. Not secret. */
export const identityOf = ({ accountId: identity }: StripeCredentials): string => identity;

/** A bearer token (docs.stripe.com/api/authentication). Never stored, never logged. */
export function authorization(given: StripeCredentials): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${given.apiKey}` };
}
