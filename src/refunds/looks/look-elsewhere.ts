import { setTimeout as sleep } from 'node:timers/promises';
import { listLooks, type LookState } from '../../db/look-leases.ts';
import { countShared, forget, giveUp, leave, type Entry, type LookDesk } from './look-desk.ts';
import type { LookKind } from './look-rounds.ts';
import type { World } from '../world.ts';

/** Between two questions how far the looks of others are, in milliseconds: doubling, while nothing new is waited for. */
const firstGapMs = 50;
const longestGapMs = 500;

/** What becomes of rows that are waited for. */
export interface AfterWaiting {
  /** Nobody looks at them any more, and they are not as young as wanted. */
  again(entries: readonly Entry[]): void;
  /** Who waits for them does not wait for leases any longer. */
  alone(entries: readonly Entry[], now: Date): void;
}

/** What there is to do about a row that was not claimed here, after those who are served have left. */
type Next = 'nothing' | 'wait' | 'again' | 'alone';

/**
 * Lets go whoever is served by how far a row is, or has nothing to wait for: somebody else has looked, or the look has
 * failed and the next one is put off.
 */
export function letGo(world: Pick<World, 'clock'>, desk: LookDesk, entry: Entry, row: LookState): Next {
  const isOver = row.isPutOff && !row.isLeased;
  for (const waiter of entry.waiters) {
    const isServed = waiter.pending.get(entry.id)! <= row.knownAt;
    if (!isServed && (!isOver || waiter.isUrgent)) continue;
    if (isServed) countShared(entry, waiter);
    else waiter.missed.push(entry.id);
    leave(entry, waiter);
  }
  if (entry.waiters.size === 0) {
    forget(desk, entry);
    return 'nothing';
  }
  if (!row.isLeased) return 'again';
  const nowMs = world.clock.monotonicMs();
  return [...entry.waiters].some(({ aloneAtMs }) => aloneAtMs <= nowMs) ? 'alone' : 'wait';
}

/** Waits for the look of somebody else: one question for all rows that this process waits for. */
export function waitElsewhere(
  world: World,
  kind: LookKind,
  entries: readonly Entry[],
  after: AfterWaiting,
): void {
  const desk = kind.desk(world);
  for (const entry of entries) {
    entry.state = 'elsewhere';
    desk.elsewhere.add(entry);
  }
  desk.hasNew ||= entries.length > 0;
  if (desk.isWatching || entries.length === 0) return;
  desk.isWatching = true;
  void world.background.run('wait for the looks of others', () => watch(world, kind, desk, after));
}

async function watch(world: World, kind: LookKind, desk: LookDesk, after: AfterWaiting): Promise<void> {
  let gapMs = firstGapMs;
  try {
    for (;;) {
      await sleep(gapMs);
      gapMs = desk.hasNew ? firstGapMs : Math.min(gapMs * 2, longestGapMs);
      desk.hasNew = false;
      for (const entry of desk.elsewhere) if (entry.waiters.size === 0) forget(desk, entry);
      if (desk.elsewhere.size === 0 || world.background.draining) return;
      await ask(world, kind, desk, after);
    }
  } finally {
    desk.isWatching = false;
    for (const entry of desk.elsewhere) giveUp(desk, entry);
  }
}

async function ask(world: World, kind: LookKind, desk: LookDesk, after: AfterWaiting): Promise<void> {
  const waited = [...desk.elsewhere];
  const rows = await listLooks(
    world.db,
    kind.table,
    waited.map(({ id }) => id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const again: Entry[] = [];
  const alone: Entry[] = [];
  for (const entry of waited) {
    const row = byId.get(entry.id);
    if (row === undefined) {
      giveUp(desk, entry);
      continue;
    }
    const next = letGo(world, desk, entry, row);
    if (next === 'again' || next === 'alone') desk.elsewhere.delete(entry);
    if (next === 'again') again.push(entry);
    if (next === 'alone') alone.push(entry);
  }
  after.again(again);
  if (alone.length > 0) after.alone(alone, rows[0]!.now);
}
