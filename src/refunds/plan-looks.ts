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
 * Finds out about many refunds of one account in as few calls as its lists allow: one scan over time while
 * it promises to be cheaper than the rest, then the refunds of one payment together, then single reads.
 * A refund that a list did not show is read by its id, since lists may lag behind; so is one that a list
 * shows as failed without telling why.
 */
export async function lookAtRefunds(calls: LookCalls, wanted: readonly KnownRefund[]): Promise<Looks> {
  const open = new Map(wanted.map((refund) => [refund.providerRefundId, refund]));
  const found = new Map<string, RefundFacts>();
  const absent: string[] = [];
  const unexplained: KnownRefund[] = [];
  const take = (refunds: readonly RefundFacts[]) => {
    for (const facts of refunds) {
      const known = open.get(facts.providerRefundId);
      if (known === undefined) continue;
      open.delete(facts.providerRefundId);
      if (facts.status === 'FAILED' && facts.failure === null) unexplained.push(known);
      else found.set(facts.providerRefundId, facts);
    }
  };

  const scanned = await scanByTime(calls, open, take);
  if (scanned !== undefined) return { found, absent, unavailable: scanned };
  for (const group of groupByPayment(open)) {
    if (group.length < 2 || !calls.canListByPayment || calls.listRefunds === undefined) continue;
    const page = await calls.listRefunds({ providerPaymentId: group[0]!.providerPaymentId });
    if (page.kind === 'unavailable') return { found, absent, unavailable: page };
    if (page.kind === 'found') take(page.value.refunds);
  }
  let unavailable: Looks['unavailable'];
  const readOne = async (known: KnownRefund) => {
    const look = await calls.readRefund(known);
    if (look.kind === 'found') found.set(known.providerRefundId, look.value);
    else if (look.kind === 'absent') absent.push(known.providerRefundId);
    else unavailable ??= look;
  };
  await inParallel([...open.values(), ...unexplained], calls.readsAtOnce, readOne, (_known, error) => {
    throw error;
  });
  return { found, absent, unavailable };
}

/**
 * Follows the newest-first list back to the oldest wanted refund, as long as the pages that seem to be left
 * cost less than asking for the rest in another way.
 */
async function scanByTime(
  calls: LookCalls,
  open: Map<string, KnownRefund>,
  take: (refunds: readonly RefundFacts[]) => void,
): Promise<Looks['unavailable']> {
  if (!calls.canListByTime || calls.listRefunds === undefined || open.size < 2) return undefined;
  let cursor: string | undefined;
  let pagesLeft = 1;
  // A list that never ends must not be followed for ever.
  let pagesAtMost = costWithoutScan(calls, open);
  const times = [...open.values()].map((refund) => refund.createdAt.getTime());
  const createdFrom = new Date(Math.min(...times) - clockSkewMs);
  const createdTo = new Date(Math.max(...times) + clockSkewMs);
  while (open.size > 1 && pagesLeft < costWithoutScan(calls, open) && pagesAtMost > 0) {
    pagesAtMost -= 1;
    const page = await calls.listRefunds({
      createdFrom,
      createdTo,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (page.kind === 'unavailable') return page;
    if (page.kind === 'absent') return undefined;
    take(page.value.refunds);
    if (page.value.nextCursor === null) return undefined;
    cursor = page.value.nextCursor;
    pagesLeft = estimatePagesLeft(page.value.refunds, open);
  }
  return undefined;
}

const costWithoutScan = (calls: LookCalls, open: ReadonlyMap<string, KnownRefund>): number =>
  calls.canListByPayment ? groupByPayment(open).length : open.size;

/** From the time that one page spans to the time that is still to be covered. */
function estimatePagesLeft(refunds: readonly RefundFacts[], open: ReadonlyMap<string, KnownRefund>): number {
  const newest = refunds[0]?.createdAt.getTime() ?? 0;
  const last = refunds.at(-1)?.createdAt.getTime() ?? 0;
  const oldestWanted = Math.min(...[...open.values()].map((refund) => refund.createdAt.getTime()));
  const spanMs = Math.max(newest - last, 1);
  return Math.max(1, Math.ceil((last - oldestWanted) / spanMs));
}

function groupByPayment(open: ReadonlyMap<string, KnownRefund>): KnownRefund[][] {
  const groups = new Map<string, KnownRefund[]>();
  for (const refund of open.values())
    groups.set(refund.providerPaymentId, [...(groups.get(refund.providerPaymentId) ?? []), refund]);
  return [...groups.values()];
}
