import type { Kysely, Selectable } from 'kysely';
import type { MerchantId } from '../ids.ts';
import { exactCreatedAt, readDirection, toPage, withinPage, type Page, type PageQuery } from './list-page.ts';
import type { AccountTable, Database } from './tables.ts';

/** An account in a list, with the exact text of its `created_at`. */
export type ListedAccount = Selectable<AccountTable> & { readonly exact_created_at: string };

/** Index accounts_of_merchant; a merchant has a handful of accounts. */
export async function listAccounts(
  db: Kysely<Database>,
  merchantId: MerchantId,
  page: PageQuery,
): Promise<Page<ListedAccount>> {
  const rows = await db
    .selectFrom('accounts')
    .selectAll('accounts')
    .select(exactCreatedAt('accounts').as('exact_created_at'))
    .where('accounts.merchant_id', '=', merchantId)
    .where(withinPage('accounts', page))
    .orderBy('accounts.created_at', readDirection(page))
    .orderBy('accounts.id', readDirection(page))
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page);
}
