import { z } from 'zod';
import type { FiscalReceipt } from '../vocabulary.ts';
import { complain, readOptionalText, within, type Place } from './input-rules.ts';

const MAX_NAME_LENGTH = 256;

export interface ReceiptCustomerInput {
  readonly fullName?: string | null | undefined;
  readonly inn?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
}

const forms = {
  email: { is: z.email().max(254), message: 'This is not an e-mail address.' },
  phone: {
    is: z.string().regex(/^\+?\d{5,15}$/),
    message: 'A phone number is 5 to 15 digits with the country code.',
  },
  inn: { is: z.string().regex(/^(\d{10}|\d{12})$/), message: 'An INN has 10 or 12 digits.' },
};

/** To whom a receipt goes: an e-mail address or a phone number is needed. */
export function readCustomer(place: Place, input: ReceiptCustomerInput): FiscalReceipt['customer'] {
  const { email, phone } = input;
  if (!email && !phone) complain(place, 'The customer needs an email or a phone, where the receipt is sent.');
  const formed = (name: keyof typeof forms): string | null => {
    const text = input[name];
    if (text === null || text === undefined) return null;
    if (!forms[name].is.safeParse(text).success) complain(within(place, name), forms[name].message);
    return text;
  };
  return {
    fullName: readOptionalText(within(place, 'fullName'), input.fullName, MAX_NAME_LENGTH),
    inn: formed('inn'),
    email: formed('email'),
    phone: formed('phone'),
  };
}
