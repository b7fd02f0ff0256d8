import { z } from 'zod';
import { type WebhookSecrets, webhookSecrets } from '../webhook-signature.ts';

/** Visible ASCII without the colon, which would end the user name of Basic authentication early. */
const userName = z
  .string()
  .regex(/^[!-9;-~]{1,64}$/, 'must be 1 to 64 visible ASCII characters without a colon');
const password = z.string().regex(/^[!-~]{1,256}$/, 'must be 1 to 256 visible ASCII characters');
const account = z
  .string()
  .regex(/^acc_[A-Za-z0-9]{14}$/, 'must be "acc_" and 14 letters or digits, as the dashboard shows it');

/** Whatever was typed into the dashboard; white space at an end is a mistake of copying. */
const webhookSecret = z
  .string()
  .regex(
    /^(?!\s)[^\p{C}]{1,256}(?<!\s)$/u,
    'must be 1 to 256 printable characters, without white space at an end',
  );

/** A partner's pair, used on behalf of the sub-merchant `account`. */
interface PartnerCredentials extends WebhookSecrets {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly account: string;
}

/** A merchant's own pair. */
interface MerchantCredentials extends WebhookSecrets {
  readonly keyId: string;
  readonly keySecret: string;
}

/** Either pair decides between test and live, not the URL. */
export type RazorpayCredentials = PartnerCredentials | MerchantCredentials;

const partnerFields = ['clientId', 'clientSecret', 'account'] as const;
const merchantFields = ['keyId', 'keySecret'] as const;

/**
 * `{clientId, clientSecret, account}` of a partner (razorpay.com/docs/partners/aggregators/partner-auth) or
 * `{keyId, keySecret}` of a merchant (razorpay.com/docs/api/authentication). One object rather than a union, so
 * that a missing field is reported by its name.
 */
export const credentials = z
  .strictObject({
    clientId: userName.optional(),
    clientSecret: password.optional(),
    account: account.optional(),
    keyId: userName.optional(),
    keySecret: password.optional(),
    webhookSecrets: webhookSecrets(webhookSecret),
  })
  .transform((given, context): RazorpayCredentials => {
    const { clientId, clientSecret, account: accountId, keyId, keySecret } = given;
    const secrets = given.webhookSecrets && { webhookSecrets: given.webhookSecrets };
    const isPartner = partnerFields.some((field) => given[field] !== undefined);
    const isMerchant = merchantFields.some((field) => given[field] !== undefined);
    if (isPartner === isMerchant) {
      context.addIssue(
        'must be either clientId, clientSecret and account (a partner) or keyId and keySecret (a merchant)',
      );
      return z.NEVER;
    }
    if (clientId !== undefined && clientSecret !== undefined && accountId !== undefined)
      return { clientId, clientSecret, account: accountId, ...secrets };
    if (keyId !== undefined && keySecret !== undefined) return { keyId, keySecret, ...secrets };
    const fields = isPartner ? partnerFields : merchantFields;
    for (const field of fields)
      if (given[field] === undefined)
        context.addIssue({
          code: 'custom',
          path: [field],
          message: `is missing beside ${fields.join(', ')}`,
        });
    return z.NEVER;
  });

export function isPartner(given: RazorpayCredentials): given is PartnerCredentials {
  return 'account' in given;
}

/** The account whose payments and refunds these credentials show. */
export function identityOf(given: RazorpayCredentials): string {
  return isPartner(given) ? given.account : given.keyId;
}

/**
 * HTTP Basic, the scheme spelt exactly `Basic` (razorpay.com/docs/api/authentication). Every id is scoped to the
 * account in `X-Razorpay-Account`, so the two go together. Never stored, never logged.
 */
export function authorization(given: RazorpayCredentials): Readonly<Record<string, string>> {
  if (!isPartner(given)) return { authorization: basic(given.keyId, given.keySecret) };
  return {
    authorization: basic(given.clientId, given.clientSecret),
    'x-razorpay-account': given.account,
  };
}

function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`, 'utf8').toString('base64')}`;
}
