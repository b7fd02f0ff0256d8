import { lookBudgetMs, type LookBudget } from './call-budget.ts';
import { claimLooks, noteLooked, type LookId, type LookTable } from '../../db/look-leases.ts';
import type { Connection } from '../../providers/connections.ts';
import type { LegsLookedAt } from './followed-plan.ts';
import {
  countShared,
  forget,
  giveUp,
  join,
  leave,
  metFor,
  type Entry,
  type Line,
  type LookDesk,
  type Waiter,
  type Wish,
  type WishesMet,
} from './look-desk.ts';
import { letGo, waitElsewhere, type AfterWaiting } from './look-elsewhere.ts';
import { holdLease, lookLeaseMs } from './look-lease.ts';
import type { World } from '../world.ts';

/** A kind of rows that are looked at for many. */
export interface LookKind {
  readonly table: LookTable;
  /** What its rounds are called in the log. */
  readonly name: string;
  desk(world: World): LookDesk;
  /** Asks the provider about rows of one account, stores what it says, and notes when it was asked. */
  look(
    world: World,
    connection: Connection,
    ids: readonly LookId[],
    budget: LookBudget,
  ): Promise<LegsLookedAt>;
}

export interface WishOptions {
  /** Bounds the answer, not the look, in milliseconds; 0: nothing is waited for. */
  readonly waitMs: number;
  /** Wants a look that begins now, also where others have failed a moment ago. */
  readonly isUrgent?: boolean;
}

/** Rows of one claim. */
const roundAtMost = 500;

/** Rounds of one account at once; what is wanted meanwhile is gathered for the next one. */
const roundsAtOnce = 4;

/** An urgent look waits so long for the lease of another, in milliseconds: its holder may be dead. */
const othersAtMostMs = 2_000;

/**
 * Has rows of one account looked at, unless they are as young as wanted by then, and waits at most `waitMs`. Everything
 * that is wanted of an account in one tick, by whomever, is one claim and one plan of looks; what is under way here or in
 * another process is waited for. A look that is begun goes on and is stored. Never rejects.
 */
export function wantLooks(
  world: World,
  kind: LookKind,
  connection: Connection,
  wishes: readonly Wish[],
  { waitMs, isUrgent = false }: WishOptions,
): Promise<WishesMet> {
  const desk = kind.desk(world);
  const line = lineOf(desk, connection);
  if (waitMs <= 0) {
    join(desk, connection, line, wishes, isUrgent, undefined);
    gather(world, kind, connection, line);
    return Promise.resolve({ failures: [], plans: [], missed: [], isUnfinished: wishes.length > 0 });
  }
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const waiter: Waiter = {
      isUrgent,
      aloneAtMs: isUrgent ? world.clock.monotonicMs() + othersAtMostMs : Number.POSITIVE_INFINITY,
      pending: new Map(),
      looks: new Set(),
      shared: new Map(),
      missed: [],
      done() {
        clearTimeout(timer);
        resolve(metFor(waiter));
      },
    };
    join(desk, connection, line, wishes, isUrgent, waiter);
    gather(world, kind, connection, line);
    if (waiter.pending.size === 0) return waiter.done();
    timer = setTimeout(() => {
      for (const id of waiter.pending.keys()) {
        waiter.missed.push(id);
        desk.entries.get(id)?.waiters.delete(waiter);
      }
      waiter.pending.clear();
      waiter.done();
    }, waitMs);
  });
}

function lineOf(desk: LookDesk, { accountId }: Connection): Line {
  const known = desk.lines.get(accountId);
  if (known !== undefined) return known;
  const line: Line = { ids: new Set(), isGathering: false, running: 0 };
  desk.lines.set(accountId, line);
  return line;
}

/** Begins a round after this turn of the event loop: every request that arrived in it has asked by then. */
function gather(world: World, kind: LookKind, connection: Connection, line: Line): void {
  if (line.isGathering) return;
  line.isGathering = true;
  setImmediate(() => {
    line.isGathering = false;
    while (line.ids.size > 0 && line.running < roundsAtOnce) begin(world, kind, connection, line);
    if (line.ids.size === 0 && line.running === 0) kind.desk(world).lines.delete(connection.accountId);
  });
}

function begin(world: World, kind: LookKind, connection: Connection, line: Line): void {
  const desk = kind.desk(world);
  const entries: Entry[] = [];
  for (const id of line.ids) {
    if (entries.length === roundAtMost) break;
    line.ids.delete(id);
    const entry = desk.entries.get(id);
    if (entry !== undefined) entries.push(entry);
  }
  line.running += 1;
  void world.background.run(kind.name, async () => {
    try {
      await round(world, kind, connection, entries);
    } finally {
      line.running -= 1;
      gather(world, kind, connection, line);
    }
  });
}

async function round(
  world: World,
  kind: LookKind,
  connection: Connection,
  entries: readonly Entry[],
): Promise<void> {
  const desk = kind.desk(world);
  const rows = await claimLooks(world.db, kind.table, connection.accountId, entries, lookLeaseMs).catch(
    (error: unknown) => {
      for (const entry of entries) giveUp(desk, entry);
      throw error;
    },
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const mine: Entry[] = [];
  const elsewhere: Entry[] = [];
  let token: Date | undefined;
  for (const entry of entries) {
    const row = byId.get(entry.id);
    if (row === undefined) giveUp(desk, entry);
    else if (row.token !== null) {
      token = row.token;
      takeOn(entry, row.now);
      mine.push(entry);
    } else if (letGo(world, desk, entry, row) !== 'nothing') elsewhere.push(entry);
  }
  waitElsewhere(world, kind, elsewhere, afterWaiting(world, kind));
  if (token !== undefined) await lookAt(world, kind, connection, mine, token);
}

function takeOn(entry: Entry, now: Date): void {
  entry.state = 'looking';
  entry.startedAt = now;
}

/** @param token undefined: without a lease, since others have held it for too long */
async function lookAt(
  world: World,
  kind: LookKind,
  connection: Connection,
  entries: readonly Entry[],
  token: Date | undefined,
): Promise<void> {
  const ids = entries.map(({ id }) => id);
  const lease = token && holdLease(world, kind.table, ids, token);
  let look: LegsLookedAt | undefined;
  try {
    // Who wants a look now gets it, however long it waits for its turn.
    const isUrgent = entries.some((entry) => entry.isUrgent);
    look = await kind.look(world, connection, ids, isUrgent ? {} : { withinMs: lookBudgetMs });
  } catch (error) {
    const unanswered = ids.map((id) => ({ id, lookedAt: null }));
    await noteLooked(world.db, kind.table, unanswered).catch(() => undefined);
    throw error;
  } finally {
    await lease?.release();
    const left = entries.filter((entry) => !tell(kind.desk(world), entry, look));
    wantAgain(world, kind, left);
  }
}

/** Lets go those who are served by a look of this process; true when nobody is left. */
function tell(desk: LookDesk, entry: Entry, look: LegsLookedAt | undefined): boolean {
  const isFailed = look === undefined || look.failures.length > 0;
  for (const waiter of entry.waiters) {
    const isServed = waiter.pending.get(entry.id)! <= entry.startedAt!;
    if (!isServed && (!isFailed || waiter.isUrgent)) continue;
    const isPutOff = look?.putOff.some((id) => id === entry.id) === true;
    if (look === undefined || isPutOff) waiter.missed.push(entry.id);
    if (look !== undefined && (entry.asker === waiter || waiter.isUrgent)) waiter.looks.add(look);
    else if (look !== undefined && !isPutOff) countShared(entry, waiter);
    leave(entry, waiter);
  }
  if (entry.waiters.size > 0) return false;
  forget(desk, entry);
  return true;
}

/** Rows that are not as young as those want who still wait. */
function wantAgain(world: World, kind: LookKind, entries: readonly Entry[]): void {
  const desk = kind.desk(world);
  for (const entry of entries) {
    const waiters = [...entry.waiters];
    entry.state = 'wanted';
    entry.after = new Date(Math.max(...waiters.map(({ pending }) => pending.get(entry.id)!.getTime())));
    entry.isUrgent = waiters.some(({ isUrgent }) => isUrgent);
    entry.isAlong = false;
    entry.asker = waiters[0];
    const line = lineOf(desk, entry.connection);
    line.ids.add(entry.id);
    gather(world, kind, entry.connection, line);
  }
}

const afterWaiting = (world: World, kind: LookKind): AfterWaiting => ({
  again: (entries) => wantAgain(world, kind, entries),
  alone(entries, now) {
    for (const entry of entries) takeOn(entry, now);
    for (const group of Map.groupBy(entries, ({ connection }) => connection.accountId).values())
      void world.background.run(kind.name, () => lookAt(world, kind, group[0]!.connection, group, undefined));
  },
});
