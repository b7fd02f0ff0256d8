import { z } from 'zod';
import { type Currency, exponentOf, isCurrency } from '../../money.ts';

/** Which of the regional editions an account belongs to: Yandex Pay in Russia, Yandex Split in Uzbekistan. */
export type Edition = 'ru' | 'uz';

export interface YandexPayOptions {
  readonly edition: Edition;
  /** What all amounts of the account are in: a refund names no currency, and every order has to name this one. */
  readonly currency: Currency;
}

const currency = z
  .string()
  .refine(
    (text): text is Currency => isCurrency(text) && exponentOf(text) === 2,
    'must be a currency with two decimals, such as "RUB"',
  );

/** The code of the Uzbek sum is not confirmed by the documentation, whose examples say RUB: so it can be set. */
const usual: Readonly<Record<Edition, Currency>> = { ru: 'RUB', uz: 'UZS' };

export const options = z
  .strictObject({ edition: z.enum(['ru', 'uz']).default('ru'), currency: currency.optional() })
  .transform((given): YandexPayOptions => ({
    edition: given.edition,
    currency: given.currency ?? usual[given.edition],
  }));
