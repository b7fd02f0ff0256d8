import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { proxiedWorld, type ProxiedWorld } from './proxied-world.ts';
import type { TestWorld, WorldDifferences } from './world.ts';

/** How an intent was committed, or was tried to be. */
export type Way = 'at once' | 'under lock';

/** A process whose next intent is held back right before it is sent to the database. */
export interface HeldWorld extends ProxiedWorld {
  /** What happens between the reading and the statement of the next intent, which waits for it. */
  beforeIntent(change: () => Promise<unknown>): void;
  /** How intents went to the database since the last call, in their order. */
  ways(): Way[];
}

const isIntent = (text: string): boolean => text.includes('INSERT INTO refunds');
const wayOf = (text: string): Way => (text.includes('AND version =') ? 'at once' : 'under lock');

/** Another process on the same database; what it sends passes a proxy that can stop all of it. */
export async function heldWorld(t: TestWorld, differences: WorldDifferences = {}): Promise<HeldWorld> {
  let sent: Way[] = [];
  let next: (() => Promise<unknown>) | undefined;
  const onQuery = (text: string): void => {
    if (!isIntent(text)) return;
    sent.push(wayOf(text));
    const change = next;
    if (change === undefined) return;
    next = undefined;
    through.proxy.hold();
    void change().finally(() => through.proxy.pass());
  };
  const through: ProxiedWorld = await proxiedWorld(t, { onQuery }, differences);
  return {
    ...through,
    beforeIntent: (change) => void (next = change),
    ways() {
      const ways = sent;
      sent = [];
      return ways;
    },
  };
}

/** Resolves when so many connections to the database wait for a lock. */
export async function untilWaitingForLocks(
  { database }: Pick<ProxiedWorld, 'database'>,
  count: number,
): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ waiting: number }>`SELECT count(*)::int AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(database.db);
    if (rows[0]!.waiting >= count) return;
    await sleep(5);
  }
}
