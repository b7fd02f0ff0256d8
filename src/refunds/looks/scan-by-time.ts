import type { KnownRefund, RefundFacts, RefundListQuery } from '../../providers/provider.ts';
import { groupsOf, type LookCalls } from './plan-calls.ts';
import type { PlanLedger } from './plan-ledger.ts';

/** The provider's clock may be ahead of ours; a window is this much wider on both sides. */
const clockSkewMs = 60_000;

/** Pages in a row that tell nothing; a list that lags, or hides what is wanted behind others, is left. */
const fruitlessAtMost = 2;

/** Where a list was left, to go on behind its last page. */
interface Position {
  readonly query: Window;
  readonly cursor: string;
  /** Cursors of this list so far: one that comes again leads nowhere. Each list has its own, since some are offsets. */
  readonly cursors: ReadonlySet<string>;
  readonly atMs: number;
}

type Window = RefundListQuery & { readonly createdFrom: Date; readonly createdTo: Date };

/**
 * Follows the newest-first list of an account, and leaps over times of which nothing is wanted, as long as the next
 * page promises to tell what at least two other calls would. The first page is expected to reach as far as it has to,
 * each later one as far back in time as the one before; since other times may have been quieter, one that promises
 * nothing is tried where the rest would take more than one round of single reads.
 *
 * @returns whether it ended for want of a budget, with a page that was worth it
 */
export async function scanByTime(calls: LookCalls, ledger: PlanLedger): Promise<boolean> {
  const { listRefunds } = calls;
  if (!calls.canListByTime || listRefunds === undefined) return false;
  const positions = new Set<Position>();
  let spanMs = Infinity;
  let fruitless = 0;
  let wasInVain = false;
  /** Up to here lists have been read to their end: what they have not shown they hide. */
  let readToMs = -Infinity;
  // A list that never ends must not be followed for ever.
  for (let pagesLeft = groupsOf(calls, ledger.open).length - 1; pagesLeft > 0; pagesLeft -= 1) {
    const wanted = newerThan(readToMs, ledger.open);
    const startMs =
      worthwhileStart(calls, wanted, spanMs) ?? (wasInVain ? undefined : trialStart(calls, wanted));
    if (startMs === undefined) return false;
    if (!ledger.mayCall()) return true;
    const next = [...positions].find(
      ({ query, atMs }) => startMs + clockSkewMs >= atMs && startMs <= query.createdTo.getTime(),
    );
    const query = next?.query ?? windowOf(wanted, startMs);
    let told = 0;
    const page = await ledger.call(
      'WINDOW_PAGE',
      wantedWithin(ledger.open, query, next?.atMs),
      () => listRefunds(next === undefined ? query : { ...query, cursor: next.cursor }),
      ({ refunds }) => (told = ledger.take(refunds)),
    );
    if (page.kind !== 'found') return false;
    const { refunds, nextCursor } = page.value;
    fruitless = told === 0 ? fruitless + 1 : 0;
    wasInVain = told < 2;
    if (fruitless >= fruitlessAtMost || ledger.lostBy('WINDOW_PAGE') >= fruitlessAtMost) return false;
    if (!keepsTo(query, refunds)) return false;
    if (next !== undefined) positions.delete(next);
    const times = refunds.map(({ createdAt }) => createdAt.getTime());
    const atMs = times.at(-1) ?? 0;
    spanMs = Math.max((times[0] ?? 0) - atMs, 1);
    if (nextCursor === null) readToMs = Math.max(readToMs, query.createdTo.getTime() - clockSkewMs);
    else if (next?.cursors.has(nextCursor) === true) return false;
    else {
      const cursors = new Set(next?.cursors).add(nextCursor);
      positions.add({ query, cursor: nextCursor, cursors, atMs });
    }
  }
  return false;
}

type Open = ReadonlyMap<string, KnownRefund>;

const newerThan = (limitMs: number, open: Open): Open =>
  new Map([...open].filter(([, { createdAt }]) => createdAt.getTime() > limitMs));

function windowOf(wanted: Open, startMs: number): Window {
  const oldestMs = Math.min(...timesOf([...wanted.values()]));
  return { createdFrom: new Date(oldestMs - clockSkewMs), createdTo: new Date(startMs + clockSkewMs) };
}

const wantedWithin = (open: Open, { createdTo }: Window, atMs = createdTo.getTime()): number =>
  timesOf([...open.values()]).filter((timeMs) => timeMs <= atMs + clockSkewMs).length;

/** A list that shows what is newer than it was asked for goes by no window: to leap in it leads nowhere. */
const keepsTo = ({ createdTo }: Window, refunds: readonly RefundFacts[]): boolean =>
  refunds.every(({ createdAt }) => createdAt.getTime() <= createdTo.getTime() + clockSkewMs);

/** The latest time from which a page that reaches `spanMs` back saves at least two other calls. */
function worthwhileStart(calls: LookCalls, open: Open, spanMs: number): number | undefined {
  const groups = groupsOf(calls, open).map((group) => {
    const times = timesOf(group);
    return { newestMs: Math.max(...times), oldestMs: Math.min(...times) };
  });
  const starts = groups.map(({ newestMs }) => newestMs).toSorted((a, b) => b - a);
  return starts.find(
    (startMs) =>
      groups.filter(({ newestMs, oldestMs }) => newestMs <= startMs && oldestMs >= startMs - spanMs).length >
      1,
  );
}

const trialStart = (calls: LookCalls, open: Open): number | undefined =>
  groupsOf(calls, open).length > calls.readsAtOnce ? Math.max(...timesOf([...open.values()])) : undefined;

const timesOf = (refunds: readonly KnownRefund[]): readonly number[] =>
  refunds.map(({ createdAt }) => createdAt.getTime());
