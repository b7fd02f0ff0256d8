import { z } from 'zod';

/** Visible ASCII without the colon, which would end the user name of Basic authentication early. */
const shopId = z
  .string()
  .regex(/^[!-9;-~]{1,64}$/, 'must be 1 to 64 visible ASCII characters without a colon');
const secretKey = z.string().regex(/^[!-~]{1,256}$/, 'must be 1 to 256 visible ASCII characters');

/** The shop's own pair from the merchant's cabinet. The key decides between test and live, not the URL. */
export const credentials = z.strictObject({ shopId, secretKey });

export type YooKassaCredentials = z.infer<typeof credentials>;

/** HTTP Basic (yookassa.ru/developers/using-api/interaction-format). Never stored, never logged. */
export function authorization({ shopId, secretKey }: YooKassaCredentials): Readonly<Record<string, string>> {
  const pair = Buffer.from(`${shopId}:${secretKey}`, 'utf8').toString('base64');
  return { authorization: `Basic ${pair}` };
}
