import type { Merchant } from '../db/read-batch.ts';
import { merchantOf, type GraphQLContext } from './context.ts';

/** The merchant of the caller, which is the merchant of everything the caller sees. */
export async function resolveMerchant(context: GraphQLContext): Promise<Merchant> {
  const merchant = await context.loaders.merchant.load(merchantOf(context));
  if (merchant === null) throw new Error('The merchant of a recognised key has no row.');
  return merchant;
}
