import type { Refund } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import type { Account } from '../db/read-batch.ts';
import type { AccountId, PaymentId, RefundId } from '../ids.ts';
import { MAX_PAGE_SIZE } from './connection.ts';
import type { GraphQLContext } from './context.ts';
import { parseGlobalId } from './global-id.ts';
import { badUserInput } from './request-errors.ts';

/** A row with the name of its GraphQL type. */
export type FoundNode =
  | { readonly type: 'Payment'; readonly row: Payment }
  | { readonly type: 'Refund'; readonly row: Refund }
  | { readonly type: 'ProviderAccount'; readonly row: Account };

/** The stored object behind a global id; null when it is malformed, absent or another merchant's. Never asks a provider. */
export async function resolveNode(context: GraphQLContext, globalId: string): Promise<FoundNode | null> {
  const parsed = parseGlobalId(globalId);
  switch (parsed?.type) {
    case 'Payment': {
      const row = await context.loaders.payment.load(parsed.id as PaymentId);
      return row && { type: 'Payment', row };
    }
    case 'Refund': {
      const row = await context.loaders.refund.load(parsed.id as RefundId);
      return row && { type: 'Refund', row };
    }
    case 'ProviderAccount': {
      const row = await context.loaders.account.load(parsed.id as AccountId);
      return row && { type: 'ProviderAccount', row };
    }
    default:
      return null;
  }
}

/** In the order of the ids. @throws BAD_USER_INPUT for more ids than a page has */
export function resolveNodes(
  context: GraphQLContext,
  globalIds: readonly (string | number)[],
): Promise<FoundNode | null>[] {
  if (globalIds.length > MAX_PAGE_SIZE) throw badUserInput(['ids'], `Ask for at most ${MAX_PAGE_SIZE} ids.`);
  return globalIds.map((id) => resolveNode(context, String(id)));
}
