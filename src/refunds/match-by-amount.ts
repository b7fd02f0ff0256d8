import type { LegId } from '../ids.ts';
import type { RefundFacts } from '../providers/provider.ts';
import type { LegStatus } from '../vocabulary.ts';
import { returnedNothing } from './returned-nothing.ts';
import { isFinalLeg } from './transitions.ts';

/** The provider's clock may be behind ours by this much. */
const clockSkewMs = 60_000;

/** A leg that was sent, and whose name at the provider nobody knows. */
export interface Nameless {
  readonly id: LegId;
  readonly status: LegStatus;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly firstSentAt: Date | null;
  /** Whether its key's life is over and nobody waits for its answer. */
  readonly isReady: boolean;
  /** By seller. */
  readonly shares: ReadonlyMap<string, bigint>;
}

export interface Matches {
  readonly pairs: readonly { readonly legId: LegId; readonly facts: RefundFacts }[];
  /** More than one combination fits these legs, which nobody but a person can tell apart. */
  readonly unclear: readonly { readonly legId: LegId; readonly candidates: readonly string[] }[];
  /** Refunds that no leg is left to be. */
  readonly elsewhere: readonly RefundFacts[];
}

/**
 * Whose the provider refunds are that carry no reference, by amount and time alone (MONEY section 5): a refund and a
 * leg are a pair if nothing else fits either of them, and not before every leg that it might be is ready. Legs
 * that a person has called returned count already, and are alike: each takes the oldest that fits. Pure.
 */
export function matchByAmount(refunds: readonly RefundFacts[], legs: readonly Nameless[]): Matches {
  const pairs: { legId: LegId; facts: RefundFacts }[] = [];
  const unclear: { legId: LegId; candidates: string[] }[] = [];
  for (const group of groupsOf(refunds, legs)) {
    const [facts] = group.refunds;
    const [leg] = group.legs;
    if (facts === undefined || leg === undefined || !group.legs.every(({ isReady }) => isReady)) continue;
    if (group.legs.every(({ status }) => isFinalLeg(status))) pairs.push(...inOrder(group));
    else if (group.refunds.length === 1 && group.legs.length === 1) pairs.push({ legId: leg.id, facts });
    else
      for (const each of group.legs.filter(({ status }) => !isFinalLeg(status)))
        unclear.push({
          legId: each.id,
          candidates: group.refunds
            .filter((other) => mightBe(other, each))
            .map(({ providerRefundId }) => providerRefundId),
        });
  }
  const named = new Set(pairs.map(({ legId }) => legId));
  const taken = new Set(pairs.map(({ facts }) => facts));
  const nameless = legs.filter(({ id }) => !named.has(id));
  const elsewhere = refunds.filter(
    (facts) => !taken.has(facts) && !nameless.some((leg) => mightBe(facts, leg)),
  );
  return { pairs, unclear, elsewhere };
}

/**
 * A refund that returned nothing is never matched: it would free an amount that may have been returned by another one. A refund with
 * a reference is somebody's who knows its own.
 */
const mightBe = (facts: RefundFacts, leg: Nameless): boolean =>
  !returnedNothing(facts) &&
  facts.ourReference === null &&
  facts.amount.minor === leg.amountMinor &&
  facts.amount.currency === leg.currency &&
  leg.firstSentAt !== null &&
  facts.createdAt.getTime() >= leg.firstSentAt.getTime() - clockSkewMs &&
  sourcesFit(facts, leg);

/** Equal shares by seller, where the provider tells them. */
function sourcesFit(facts: RefundFacts, leg: Nameless): boolean {
  if (facts.sources.length === 0) return true;
  const told = new Map<string, bigint>();
  for (const { seller, amountMinor } of facts.sources)
    told.set(seller, (told.get(seller) ?? 0n) + amountMinor);
  return (
    told.size === leg.shares.size && [...told].every(([seller, minor]) => leg.shares.get(seller) === minor)
  );
}

interface Group {
  readonly refunds: readonly RefundFacts[];
  readonly legs: readonly Nameless[];
}

/** Refunds and legs that hang together, directly or through others. */
function groupsOf(refunds: readonly RefundFacts[], legs: readonly Nameless[]): Group[] {
  const left = new Set(refunds);
  const groups: Group[] = [];
  for (const first of refunds) {
    if (!left.delete(first)) continue;
    const group = { refunds: [first], legs: new Set<Nameless>() };
    for (const facts of group.refunds)
      for (const leg of legs.filter((candidate) => !group.legs.has(candidate) && mightBe(facts, candidate))) {
        group.legs.add(leg);
        for (const other of left) if (mightBe(other, leg) && left.delete(other)) group.refunds.push(other);
      }
    groups.push({ refunds: group.refunds, legs: [...group.legs] });
  }
  return groups;
}

/** Both oldest first. What is not returned yet can be no refund that was. */
function inOrder({ refunds, legs }: Group): { legId: LegId; facts: RefundFacts }[] {
  const left = refunds
    .filter(({ status }) => status === 'SUCCEEDED')
    .toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  return legs
    .toSorted((one, other) => one.firstSentAt!.getTime() - other.firstSentAt!.getTime())
    .flatMap((leg) => {
      const index = left.findIndex((facts) => mightBe(facts, leg));
      return index === -1 ? [] : left.splice(index, 1).map((facts) => ({ legId: leg.id, facts }));
    });
}
