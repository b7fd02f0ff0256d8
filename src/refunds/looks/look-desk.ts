import type { LookId } from '../../db/look-leases.ts';
import type { AccountId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import type { FollowedPlan, LegsLookedAt } from './followed-plan.ts';

/** What somebody wants to know: how a row was at `after`, by the database's time, or later. */
export interface Wish {
  readonly id: LookId;
  readonly after: Date;
  /** Young enough, and only looked at where another one of the same tick and account is. */
  readonly isAlong?: boolean;
}

/** How the looks went that somebody wanted. */
export interface WishesMet extends Pick<LegsLookedAt, 'failures' | 'plans'> {
  /** What was neither looked at nor refused an answer before the time was over. */
  readonly missed: readonly LookId[];
  /** Something goes on after the answer, or was left for later. */
  readonly isUnfinished: boolean;
}

/** Somebody who waits for looks, whoever makes them. */
export interface Waiter {
  /** Is answered by looks only, its own ones if need be; others take what is stored when a look fails. */
  readonly isUrgent: boolean;
  /** An urgent one waits until then for the leases of others, in milliseconds of the monotonic clock. */
  readonly aloneAtMs: number;
  readonly pending: Map<LookId, Date>;
  readonly looks: Set<LegsLookedAt>;
  /** Looks that it did not begin, by the code of their account. */
  readonly shared: Map<string, number>;
  readonly missed: LookId[];
  /** Called once nothing is pending any more. */
  done(): void;
}

/** A row that this process looks at, or waits for. */
export interface Entry {
  readonly id: LookId;
  readonly connection: Connection;
  /** `wanted`: to be claimed. `looking`: here. `elsewhere`: somebody else does, whose look is waited for. */
  state: 'wanted' | 'looking' | 'elsewhere';
  /** While it is wanted: the strictest wish. */
  after: Date;
  isUrgent: boolean;
  isAlong: boolean;
  /** While it is looked at: the provider is not asked before this, by the database's time. */
  startedAt: Date | undefined;
  /** Who wanted it first. */
  asker: Waiter | undefined;
  readonly waiters: Set<Waiter>;
}

/** What is wanted of one account and not claimed yet. */
export interface Line {
  readonly ids: Set<LookId>;
  isGathering: boolean;
  /** Rounds that are under way. */
  running: number;
}

/** What the operations of one process want looked at, are looking at, and wait for. */
export interface LookDesk {
  readonly entries: Map<LookId, Entry>;
  readonly lines: Map<AccountId, Line>;
  readonly elsewhere: Set<Entry>;
  isWatching: boolean;
  /** A row to wait for has come since the last question. */
  hasNew: boolean;
}

export const createLookDesk = (): LookDesk => ({
  entries: new Map(),
  lines: new Map(),
  elsewhere: new Set(),
  isWatching: false,
  hasNew: false,
});

/** So many rows of an account wait for their turn; what is too much is answered as it is stored. */
const wantedAtMost = 1_000;

/** Puts wishes on the desk: joins what is under way, and adds to the line of the account what is not. */
export function join(
  desk: LookDesk,
  connection: Connection,
  line: Line,
  wishes: readonly Wish[],
  isUrgent: boolean,
  waiter: Waiter | undefined,
): void {
  for (const { id, after, isAlong = false } of wishes) {
    let entry = desk.entries.get(id);
    if (entry === undefined) {
      if (line.ids.size >= wantedAtMost && !isUrgent) {
        if (!isAlong) waiter?.missed.push(id);
        continue;
      }
      const waiters = new Set<Waiter>();
      const startedAt = undefined;
      entry = {
        id,
        connection,
        state: 'wanted',
        after,
        isUrgent,
        isAlong,
        startedAt,
        asker: waiter,
        waiters,
      };
      desk.entries.set(id, entry);
      line.ids.add(id);
    } else if (entry.state === 'wanted') merge(entry, after, isAlong, isUrgent, waiter);
    if (isAlong || waiter === undefined) continue;
    waiter.pending.set(id, after);
    entry.waiters.add(waiter);
  }
}

function merge(
  entry: Entry,
  after: Date,
  isAlong: boolean,
  isUrgent: boolean,
  waiter: Waiter | undefined,
): void {
  if (isAlong && !entry.isAlong) return;
  if (entry.isAlong && !isAlong) {
    entry.after = after;
    entry.asker = waiter;
  } else if (after > entry.after) entry.after = after;
  entry.isAlong = isAlong;
  entry.isUrgent ||= isUrgent;
}

/** Takes a waiter from a row that it need not wait for any more. */
export function leave(entry: Entry, waiter: Waiter): void {
  entry.waiters.delete(waiter);
  waiter.pending.delete(entry.id);
  if (waiter.pending.size === 0) waiter.done();
}

export function forget(desk: LookDesk, entry: Entry): void {
  desk.entries.delete(entry.id);
  desk.elsewhere.delete(entry);
}

/** Counts, for who has not begun it, a row that somebody else looks at. */
export function countShared(entry: Entry, waiter: Waiter): void {
  const { accountCode } = entry.connection;
  waiter.shared.set(accountCode, (waiter.shared.get(accountCode) ?? 0) + 1);
}

/** Ends the waiting for a row of which nobody will tell, with what is stored. */
export function giveUp(desk: LookDesk, entry: Entry): void {
  for (const waiter of entry.waiters) {
    waiter.missed.push(entry.id);
    leave(entry, waiter);
  }
  forget(desk, entry);
}

/** What a waiter learns of the plans that were followed: of those it has begun, and of how much was told by others. */
export function metFor(waiter: Waiter): WishesMet {
  const looks = [...waiter.looks];
  const plans = looks.flatMap((look) => look.plans);
  const shared = new Map(waiter.shared);
  const own = plans.map((plan): FollowedPlan => {
    const count = shared.get(plan.accountCode) ?? 0;
    shared.delete(plan.accountCode);
    return { ...plan, shared: plan.shared + count };
  });
  const others = [...shared].map(([accountCode, count]): FollowedPlan => ({
    accountCode,
    wanted: count,
    shared: count,
    calls: [],
    putOff: [],
    lowerBound: 0,
  }));
  return {
    failures: looks.flatMap((look) => look.failures),
    plans: [...own, ...others],
    missed: waiter.missed,
    isUnfinished: waiter.missed.length > 0,
  };
}
