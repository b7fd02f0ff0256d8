import { inParallel } from './in-parallel.ts';
import type {
  KnownRefund,
  Look,
  RefundFacts,
  RefundListPage,
  RefundListQuery,
} from '../providers/provider.ts';

/** The calls a plan may make; a provider without a list gives none. */
export interface LookCalls {
  readonly readRefund: (known: KnownRefund) => Promise<Look<RefundFacts>>;
  readonly listRefunds: ((query: RefundListQuery) => Promise<Look<RefundListPage>>) | undefined;
  readonly canListByTime: boolean;
  readonly canListByPayment: boolean;
  /** Single reads that run at the same time; more would only wait for each other, with their deadlines running. */
  readonly readsAtOnce: number;
}

/** What was found; `unavailable` when the provider could not be asked, and the rest was left unasked. */
export interface Looks {
  readonly found: ReadonlyMap<string, RefundFacts>;
  readonly absent: readonly string[];
  readonly unavailable: (Look<never> & { readonly kind: 'unavailable' }) | undefined;
}

/** The provider's clock may be ahead of ours; a window is this much wider on both sides. */
const clockSkewMs = 60_000;

/**
 * Finds out about many refunds of one account in as few calls as its lists allow: pages over time where they promise to
 * be cheaper than the rest, then at once the refunds of one payment together, and single reads. A refund that a
 * list did not show is read by its id, since lists may lag behind; so is one that a list shows as failed without
 * telling why.
 */
export async function lookAtRefunds(calls: LookCalls, wanted: readonly KnownRefund[]): Promise<Looks> {
  const open = new Map(wanted.map((refund) => [refund.providerRefundId, refund]));
  const found = new Map<string, RefundFacts>();
  const absent: string[] = [];
  const unexplained: KnownRefund[] = [];
  const take: Take = (refunds) => {
    const before = open.size;
    for (const facts of refunds) {
      const known = open.get(facts.providerRefundId);
      if (known === undefined) continue;
      open.delete(facts.providerRefundId);
      if (facts.status === 'FAILED' && facts.failure === null) unexplained.push(known);
      else found.set(facts.providerRefundId, facts);
    }
    return before - open.size;
  };

  const scanned = await scanByTime(calls, open, take);
  if (scanned !== undefined) return { found, absent, unavailable: scanned };

  let unavailable: Looks['unavailable'];
  let isDown = false;
  const readOne = async (known: KnownRefund) => {
    if (isDown) return;
    open.delete(known.providerRefundId);
    const look = await calls.readRefund(known);
    if (look.kind === 'found') found.set(known.providerRefundId, look.value);
    else if (look.kind === 'absent') absent.push(known.providerRefundId);
    else unavailable ??= look;
  };
  const askAbout = async (group: readonly KnownRefund[]) => {
    if (group.length === 1) return readOne(group[0]!);
    if (isDown) return;
    const failed = await listPayment(calls, group, open, take);
    isDown ||= failed !== undefined;
    unavailable ??= failed;
  };
  // Lists first: what they do not show has to wait for them.
  const groups = groupsOf(calls, open).toSorted((a, b) => b.length - a.length);
  await inParallel(groups, calls.readsAtOnce, askAbout, rethrow);
  await inParallel([...open.values(), ...unexplained], calls.readsAtOnce, readOne, rethrow);
  return { found, absent, unavailable };
}

/** Removes from what is open what it finds there, and tells how many those were. */
type Take = (refunds: readonly RefundFacts[]) => number;

const rethrow = (_item: unknown, error: unknown): void => {
  throw error;
};

/** The refunds of one payment, page after page as long as each finds some, and more than one is left to find. */
async function listPayment(
  calls: LookCalls,
  group: readonly KnownRefund[],
  open: ReadonlyMap<string, KnownRefund>,
  take: Take,
): Promise<Looks['unavailable']> {
  const { providerPaymentId } = group[0]!;
  let cursor: string | null | undefined;
  for (;;) {
    const page = await calls.listRefunds!({ providerPaymentId, ...(cursor == null ? {} : { cursor }) });
    if (page.kind === 'unavailable') return page;
    if (page.kind === 'absent' || take(page.value.refunds) === 0) return undefined;
    cursor = page.value.nextCursor;
    const left = group.filter(({ providerRefundId }) => open.has(providerRefundId));
    if (cursor === null || left.length < 2) return undefined;
  }
}

/**
 * Follows the newest-first list, and leaps over times of which nothing is wanted, as long as the next page promises to
 * save more calls than it costs. It is expected to reach as far back in time as the one before.
 */
async function scanByTime(
  calls: LookCalls,
  open: ReadonlyMap<string, KnownRefund>,
  take: Take,
): Promise<Looks['unavailable']> {
  if (!calls.canListByTime || calls.listRefunds === undefined) return undefined;
  let spanMs = Infinity;
  let followed:
    | { readonly query: RefundListQuery; readonly cursor: string; readonly atMs: number }
    | undefined;
  let fruitless = 0;
  // A list that never ends must not be followed for ever.
  for (let pagesLeft = groupsOf(calls, open).length - 1; pagesLeft > 0; pagesLeft -= 1) {
    const startMs = worthwhileStart(calls, open, spanMs);
    if (startMs === undefined) return undefined;
    const isNext = followed !== undefined && startMs + clockSkewMs >= followed.atMs;
    const query: RefundListQuery = isNext ? followed!.query : windowOf(open, startMs);
    const page = await calls.listRefunds(isNext ? { ...query, cursor: followed!.cursor } : query);
    if (page.kind === 'unavailable') return page;
    if (page.kind === 'absent') return undefined;
    const { refunds, nextCursor } = page.value;
    fruitless = take(refunds) === 0 ? fruitless + 1 : 0;
    if (nextCursor === null || fruitless > 1) return undefined;
    const newestMs = refunds[0]?.createdAt.getTime() ?? 0;
    const atMs = refunds.at(-1)?.createdAt.getTime() ?? 0;
    spanMs = Math.max(newestMs - atMs, 1);
    followed = { query, cursor: nextCursor, atMs };
  }
  return undefined;
}

function windowOf(open: ReadonlyMap<string, KnownRefund>, startMs: number): RefundListQuery {
  const oldestMs = Math.min(...timesOf([...open.values()]));
  return { createdFrom: new Date(oldestMs - clockSkewMs), createdTo: new Date(startMs + clockSkewMs) };
}

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

/** What one call other than a page over time can answer. */
const groupsOf = (calls: LookCalls, open: ReadonlyMap<string, KnownRefund>): KnownRefund[][] =>
  calls.canListByPayment && calls.listRefunds !== undefined
    ? [...Map.groupBy(open.values(), ({ providerPaymentId }) => providerPaymentId).values()]
    : [...open.values()].map((refund) => [refund]);
