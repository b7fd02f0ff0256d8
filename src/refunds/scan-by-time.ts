import type { KnownRefund, RefundFacts, RefundListQuery } from '../providers/provider.ts';
import { groupsOf, type LookCalls } from './plan-calls.ts';
import type { PlanLedger } from './plan-ledger.ts';

/** The provider's clock may be ahead of ours; a window is this much wider on both sides. */
const clockSkewMs = 60_000;

/** Pages in a row that tell nothing; a list that lags, or hides what is wanted behind others, is left. */
const fruitlessAtMost = 2;

/** Where a list was left, to go on behind its last page. */
interface Followed {
  readonly query: RefundListQuery;
  readonly cursor: string;
  readonly atMs: number;
}

/**
 * Follows the newest-first list of an account, and leaps over times of which nothing is wanted, as long as the next
 * page promises to tell what at least two other calls would. The first page is expected to reach as far as it has to,
 * each later one as far back in time as the one before.
 *
 * @returns whether it ended for want of a budget, with a page that was worth it
 */
export async function scanByTime(calls: LookCalls, ledger: PlanLedger): Promise<boolean> {
  const { listRefunds } = calls;
  if (!calls.canListByTime || listRefunds === undefined) return false;
  let cursors = new Set<string>();
  let spanMs = Infinity;
  let followed: Followed | undefined;
  let fruitless = 0;
  // A list that never ends must not be followed for ever.
  for (let pagesLeft = groupsOf(calls, ledger.open).length - 1; pagesLeft > 0; pagesLeft -= 1) {
    const startMs = worthwhileStart(calls, ledger.open, spanMs);
    if (startMs === undefined) return false;
    if (!ledger.mayCall()) return true;
    const next: Followed | undefined =
      followed !== undefined && startMs + clockSkewMs >= followed.atMs ? followed : undefined;
    // Some cursors are mere offsets: each window has its own.
    if (next === undefined) cursors = new Set();
    const query = next?.query ?? windowOf(ledger.open, startMs);
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
    const isNew = nextCursor !== null && !cursors.has(nextCursor);
    if (!isNew || fruitless >= fruitlessAtMost || ledger.lostBy('WINDOW_PAGE') >= fruitlessAtMost)
      return false;
    if (!keepsTo(query, refunds)) return false;
    cursors.add(nextCursor);
    const times = refunds.map(({ createdAt }) => createdAt.getTime());
    const atMs = times.at(-1) ?? 0;
    spanMs = Math.max((times[0] ?? 0) - atMs, 1);
    followed = { query, cursor: nextCursor, atMs };
  }
  return false;
}

function windowOf(open: ReadonlyMap<string, KnownRefund>, startMs: number) {
  const oldestMs = Math.min(...timesOf([...open.values()]));
  return { createdFrom: new Date(oldestMs - clockSkewMs), createdTo: new Date(startMs + clockSkewMs) };
}

const wantedWithin = (
  open: ReadonlyMap<string, KnownRefund>,
  { createdTo }: RefundListQuery,
  atMs = createdTo?.getTime() ?? Infinity,
): number => timesOf([...open.values()]).filter((timeMs) => timeMs <= atMs + clockSkewMs).length;

/** A list that shows what is newer than it was asked for goes by no window: to leap in it leads nowhere. */
const keepsTo = ({ createdTo }: RefundListQuery, refunds: readonly RefundFacts[]): boolean =>
  refunds.every(({ createdAt }) => createdAt.getTime() <= createdTo!.getTime() + clockSkewMs);

/** The latest time from which a page that reaches `spanMs` back saves at least two other calls. */
function worthwhileStart(
  calls: LookCalls,
  open: ReadonlyMap<string, KnownRefund>,
  spanMs: number,
): number | undefined {
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

const timesOf = (refunds: readonly KnownRefund[]): readonly number[] =>
  refunds.map(({ createdAt }) => createdAt.getTime());
