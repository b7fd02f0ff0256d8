import { sql, type Kysely } from 'kysely';
import type { AccountId } from '../ids.ts';
import type { Database } from './tables.ts';

/** Which kind of call a provider refused or took. */
export type CallKind = 'SEND' | 'READ';

/** Accounts for which nothing may be sent. A sequential scan: the table has a row per configured account. */
export async function listPausedAccounts(db: Kysely<Database>): Promise<readonly AccountId[]> {
  const rows = await db.selectFrom('accounts').select('id').where('health', '<>', 'OK').execute();
  return rows.map(({ id }) => id);
}

/**
 * Notes refused credentials. A refused send outranks a refused read; an account that is being restored is left
 * alone. By the primary key.
 *
 * @returns whether a pause began: the second refusal is not a second pause
 */
export async function pauseAccount(
  db: Kysely<Database>,
  accountId: AccountId,
  shownBy: CallKind,
): Promise<boolean> {
  const begun = await db
    .updateTable('accounts')
    .set({ health: 'CREDENTIALS_REFUSED', health_shown_by: shownBy, health_since: sql<Date>`app_now()` })
    .where('id', '=', accountId)
    .where('health', '=', 'OK')
    .executeTakeFirst();
  if (begun.numUpdatedRows > 0n) return true;
  if (shownBy === 'SEND')
    await db
      .updateTable('accounts')
      .set({ health_shown_by: shownBy })
      .where('id', '=', accountId)
      .where('health', '=', 'CREDENTIALS_REFUSED')
      .where('health_shown_by', 'is distinct from', shownBy)
      .execute();
  return false;
}

/**
 * Ends a pause for refused credentials, if this kind of call can show that they are mended: a send always, a read
 * unless a send was refused. By the primary key.
 *
 * @returns whether a pause ended
 */
export async function endPause(
  db: Kysely<Database>,
  accountId: AccountId,
  shownBy: CallKind,
): Promise<boolean> {
  const ended = await db
    .updateTable('accounts')
    .set({ health: 'OK', health_shown_by: null, health_since: sql<Date>`app_now()` })
    .where('id', '=', accountId)
    .where('health', '=', 'CREDENTIALS_REFUSED')
    .$if(shownBy === 'READ', (query) => query.where('health_shown_by', 'is distinct from', 'SEND'))
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}
