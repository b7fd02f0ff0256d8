import type { Refund } from '../db/legs.ts';
import { summarize } from '../refunds/summarize.ts';
import { badUserInput } from './request-errors.ts';

/** English, in whatever region. */
const english = /^en(?:[-_][A-Za-z0-9_-]{1,32})?$/i;

/**
 * One sentence for the customer.
 *
 * @throws BAD_USER_INPUT for another language: it does not pretend to speak it
 */
export function summaryOfRefund(refund: Refund, locale: string | null | undefined): string {
  if (!english.test(locale ?? 'en')) throw badUserInput(['locale'], 'Only English is spoken. Ask for "en".');
  return summarize(refund);
}
