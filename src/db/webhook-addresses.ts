import { sql, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** The unguessable part of the webhook URL of each account that this database knows, by account code. */
export async function listWebhookIds(db: Kysely<Database>): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('accounts').select(['code', 'webhook_id']).execute();
  return new Map(rows.map((row) => [row.code, row.webhook_id]));
}

/**
 * Gives an account another one, which is random; a demo keeps the code of the account (accounts_code_unique).
 *
 * @returns undefined when there is no such account, or this is a demo
 */
export async function renewWebhookId(db: Kysely<Database>, code: string): Promise<string | undefined> {
  const row = await db
    .updateTable('accounts')
    .set({ webhook_id: sql<string>`replace(gen_random_uuid()::text, '-', '')` })
    .where('code', '=', code)
    .where((eb) => eb.not(eb.exists(eb.selectFrom('installation').select('id').where('demo', '=', true))))
    .returning('webhook_id')
    .executeTakeFirst();
  return row?.webhook_id;
}
