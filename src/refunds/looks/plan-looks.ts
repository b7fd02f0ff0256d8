import type { KnownRefund, Look, RefundFacts } from '../../providers/provider.ts';
import type { MadeCall, PlannedCall } from './followed-plan.ts';
import { inParallel } from '../in-parallel.ts';
import { groupsOf, type LookCalls } from './plan-calls.ts';
import { openLedger, type PlanLedger } from './plan-ledger.ts';
import { scanByTime } from './scan-by-time.ts';

/** What was found; `unavailable` when the provider could not be asked, and the rest was left unasked. */
export interface Looks {
  readonly found: ReadonlyMap<string, RefundFacts>;
  readonly absent: readonly string[];
  readonly unavailable: (Look<never> & { readonly kind: 'unavailable' }) | undefined;
  /** In the order in which they were begun. */
  readonly calls: readonly MadeCall[];
  /** What was left unasked for want of a budget, and the calls that it would have taken. */
  readonly putOff: readonly KnownRefund[];
  readonly callsPutOff: readonly PlannedCall[];
}

/** Once lists of payments that ended have told so many refunds fewer than they were calls, none is begun any more. */
const lostAtMost = 2;

/**
 * Finds out about many refunds of one account in as few calls as its lists allow: pages over time where they promise to
 * be cheaper than the rest, then at once the refunds of one payment together, and single reads. A refund that a
 * list did not show is read by its id, since lists may lag behind; so is one that a list shows as failed without
 * telling why. Lists that tell nothing cost at most `readsAtOnce` + 3 calls more than single reads alone would.
 */
export async function lookAtRefunds(calls: LookCalls, wanted: readonly KnownRefund[]): Promise<Looks> {
  const ledger = openLedger(wanted, calls.budget, calls.now);
  const isPageLeft = await scanByTime(calls, ledger);
  // The list of a payment may tell why, where the list over time does not.
  reopen(ledger);
  // Lists first: what they do not show has to wait for them.
  const groups = groupsOf(calls, ledger.open).toSorted((a, b) => b.length - a.length);
  const listed = groups.filter((group) => group.length > 1);
  const single = groups.filter((group) => group.length === 1).flat();
  const askAbout = (group: readonly KnownRefund[]) =>
    group.length > 1 ? listPayment(calls, ledger, group) : readOne(calls, ledger, group[0]!);
  await inParallel([...listed, ...single.map((known) => [known])], calls.readsAtOnce, askAbout, rethrow);
  reopen(ledger);
  const asked = new Set(single);
  const rest = [...ledger.open.values()].filter((known) => !asked.has(known));
  await inParallel(rest, calls.readsAtOnce, (known) => readOne(calls, ledger, known), rethrow);
  const { found, absent, unavailable, made } = ledger;
  const putOff = unavailable === undefined ? [...ledger.open.values()] : [];
  const callsPutOff = callsFor(calls, putOff, isPageLeft);
  return { found, absent, unavailable, calls: made, putOff, callsPutOff };
}

function reopen({ open, unexplained }: PlanLedger): void {
  for (const [id, known] of unexplained) open.set(id, known);
  unexplained.clear();
}

const rethrow = (_item: unknown, error: unknown): void => {
  throw error;
};

async function readOne(calls: LookCalls, ledger: PlanLedger, known: KnownRefund): Promise<void> {
  if (ledger.unavailable !== undefined || !ledger.mayCall()) return;
  const { providerRefundId: id } = known;
  const look = await ledger.call(
    'SINGLE',
    1,
    () => calls.readRefund(known),
    () => 1,
  );
  if (look.kind === 'unavailable') return;
  ledger.open.delete(id);
  if (look.kind === 'found') ledger.found.set(id, look.value);
  else ledger.absent.push(id);
}

/** The refunds of one payment, page after page as long as each tells some, and more than one is left to find. */
async function listPayment(
  calls: LookCalls,
  ledger: PlanLedger,
  group: readonly KnownRefund[],
): Promise<void> {
  const { providerPaymentId, amount } = group[0]!;
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (;;) {
    const left = group.filter(({ providerRefundId }) => ledger.open.has(providerRefundId));
    if (left.length < 2 || ledger.unavailable !== undefined || !ledger.mayCall()) return;
    if (ledger.lostBy('PAYMENT_LIST') >= lostAtMost) return;
    let told = 0;
    const query = {
      providerPaymentId,
      currency: amount.currency,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const page = await ledger.call(
      'PAYMENT_LIST',
      left.length,
      () => calls.listRefunds!(query),
      ({ refunds }) => (told = ledger.take(refunds)),
    );
    if (page.kind !== 'found' || told === 0 || page.value.nextCursor === null) return;
    cursor = page.value.nextCursor;
    if (cursors.has(cursor)) return;
    cursors.add(cursor);
  }
}

/** The next calls about what was put off. */
function callsFor(calls: LookCalls, putOff: readonly KnownRefund[], isPageLeft: boolean): PlannedCall[] {
  if (putOff.length === 0) return [];
  if (isPageLeft) return [{ kind: 'WINDOW_PAGE', wanted: putOff.length }];
  const open = new Map(putOff.map((known) => [known.providerRefundId, known]));
  return groupsOf(calls, open).map(({ length }) => ({
    kind: length > 1 ? 'PAYMENT_LIST' : 'SINGLE',
    wanted: length,
  }));
}
