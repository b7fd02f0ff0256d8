import type { AccountId } from '../ids.ts';
import { shownCapabilities } from '../providers/claims.ts';
import type { Capabilities, ProviderAdapter } from '../providers/provider.ts';
import { usualAdapterOf } from '../providers/registry.ts';
import type { ProviderCode } from '../vocabulary.ts';
import type { GraphQLContext } from './context.ts';

/** The adapter by which an account is reached; of one that has left the configuration, the usual one there. */
export const adapterOfAccount = (
  { world }: Pick<GraphQLContext, 'world'>,
  account: { readonly id: AccountId; readonly provider: ProviderCode },
): ProviderAdapter =>
  world.connections.find(account.id)?.adapter ??
  usualAdapterOf(account.provider, world.connections.adapters());

/** What may be told of that adapter; what is decided is decided by what it declares. */
export const capabilitiesOfAccount = (
  context: Pick<GraphQLContext, 'world'>,
  account: { readonly id: AccountId; readonly provider: ProviderCode },
): Capabilities => shownCapabilities(adapterOfAccount(context, account));

/** The same by the account's id; its row is read only where it has left the configuration. */
export async function adapterOfAccountId(
  context: Pick<GraphQLContext, 'world' | 'loaders'>,
  accountId: AccountId,
): Promise<ProviderAdapter> {
  const configured = context.world.connections.find(accountId)?.adapter;
  if (configured !== undefined) return configured;
  const account = await context.loaders.account.load(accountId);
  if (account === null) throw new Error(`account ${accountId} has vanished`);
  return usualAdapterOf(account.provider, context.world.connections.adapters());
}
