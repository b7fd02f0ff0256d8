import type { Refund } from '../db/legs.ts';
import { summarize } from '../refunds/summarize.ts';
import type { GraphQLContext } from './context.ts';
import { legsOfRefund } from './refund-fields.ts';
import { badUserInput } from './request-errors.ts';

/** English, in whatever region. */
const english = /^en(?:[-_][A-Za-z0-9_-]{1,32})?$/i;

/**
 * One sentence for the customer.
 *
 * @throws BAD_USER_INPUT for another language: it does not pretend to speak it
 */
export async function summaryOfRefund(
  context: GraphQLContext,
  refund: Refund,
  locale: string | null | undefined,
): Promise<string> {
  if (!english.test(locale ?? 'en')) throw badUserInput(['locale'], 'Only English is spoken. Ask for "en".');
  return summarize(refund, await isMerged(context, refund));
}

/** What was stopped at its provider keeps its name there; what turned out to be another refund has lost it to that. */
async function isMerged(context: GraphQLContext, refund: Refund): Promise<boolean> {
  if (refund.origin !== 'EXTERNAL' || refund.status !== 'CANCELED') return false;
  return (await legsOfRefund(context, refund)).every((leg) => leg.provider_refund_id === null);
}
