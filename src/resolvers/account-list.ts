import { listAccounts, type ListedAccount } from '../db/list-accounts.ts';
import { readPage, toConnection, type Connection, type PageArguments } from './connection.ts';
import { merchantOf, type GraphQLContext } from './context.ts';

/** The merchant's accounts in the order in which they were first configured. */
export async function resolveAccounts(
  context: GraphQLContext,
  args: PageArguments,
): Promise<Connection<ListedAccount>> {
  const page = readPage(args, true);
  return toConnection(await listAccounts(context.world.db, merchantOf(context), page), page);
}
