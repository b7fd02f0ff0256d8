import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/tables.ts';
import { providers } from '../../src/providers/registry.ts';
import type { Violation } from '../support/invariants.ts';
import { traits, type Provider } from './providers.ts';
import type { Acknowledged, Deliveries } from './webhook-relay.ts';

/** A message of a provider, as it is kept. */
export interface StoredMessage {
  readonly account: string;
  readonly event: string;
  readonly refund: string | null;
  readonly payment: string | null;
}

export async function readMessages(db: Kysely<Database>): Promise<StoredMessage[]> {
  const { rows } = await sql<StoredMessage>`
    SELECT account.code AS account, event, provider_refund_id AS refund, provider_payment_id AS payment
      FROM webhook_deliveries JOIN accounts AS account ON account.id = account_id`.execute(db);
  return rows;
}

/** What stands for each account in the URL of its webhooks. */
export async function readWebhookIds(db: Kysely<Database>): Promise<Map<string, string>> {
  const rows = await db.selectFrom('accounts').select(['code', 'webhook_id']).execute();
  return new Map(rows.map(({ code, webhook_id }) => [code, webhook_id]));
}

/** I8: what was acknowledged, and is of use, is kept. */
export function lostMessages(
  acknowledged: Iterable<Acknowledged>,
  stored: readonly StoredMessage[],
): Violation[] {
  const kept = Map.groupBy(stored, ({ account, event }) => `${account} ${event}`);
  return [...acknowledged].flatMap(({ provider, account, text }): Violation[] => {
    const event = eventOf(text);
    if (!eventsOf(provider).includes(event)) return [];
    const isKept = (kept.get(`${account} ${event}`) ?? []).some(
      ({ refund, payment }) =>
        (refund === null || text.includes(refund)) &&
        (payment === null || text.includes(payment)) &&
        (refund ?? payment) !== null,
    );
    const what = `${event} for ${account} was acknowledged and is lost: ${text.slice(0, 300)}`;
    return isKept ? [] : [{ invariant: 'I8', what }];
  });
}

const eventsOf = (provider: Provider): readonly string[] =>
  providers.find(({ code }) => code === provider)?.adapters[0]?.webhooks?.events ?? [];

/** The event in its provider's word; RoboKassa's are forms, and tokens of another kind. */
function eventOf(text: string): string {
  try {
    const told = JSON.parse(text) as { event?: string; type?: string };
    return told.event ?? told.type ?? 'ResultUrl2';
  } catch {
    return 'ResultURL';
  }
}

/**
 * I5: a lie is acknowledged only where nothing proves who speaks, so that everything told is asked for again. That lies
 * changed nothing is shown by the provider's books.
 */
export const untruthful = (counts: ReadonlyMap<Provider, Deliveries>): Violation[] =>
  [...counts]
    .filter(
      ([provider, { forgedAcknowledged }]) =>
        forgedAcknowledged > 0 && traits[provider].webhooks !== 'unsigned',
    )
    .map(([provider, { forgedAcknowledged }]) => ({
      invariant: 'I5',
      what: `${forgedAcknowledged} forged webhooks of ${provider} were acknowledged`,
    }));
