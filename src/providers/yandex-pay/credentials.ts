import { z } from 'zod';

const apiKey = z.string().regex(/^[!-~]{1,256}$/, 'must be 1 to 256 visible ASCII characters');
const merchantId = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the Merchant ID of the console: letters, digits and "-"');

/** The key from the console, and the merchant whose orders it shows. */
export const credentials = z.strictObject({ apiKey, merchantId });

export type YandexPayCredentials = z.infer<typeof credentials>;

/** `Authorization: Api-Key …` (pay.yandex.ru/docs, "Authorization"). Never stored, never logged. */
export const authorization = ({ apiKey: key }: YandexPayCredentials): Readonly<Record<string, string>> => ({
  authorization: `Api-Key ${key}`,
});
