import type { SourceFacts } from '../providers/provider.ts';

/** One share per seller: a provider may name a seller twice, our ledger has one source for it. */
export function mergeBySeller(shares: readonly SourceFacts[]): readonly SourceFacts[] {
  const merged = new Map<string, SourceFacts>();
  for (const share of shares) {
    const known = merged.get(share.seller);
    merged.set(share.seller, known === undefined ? share : add(known, share));
  }
  return [...merged.values()];
}

const add = (left: SourceFacts, right: SourceFacts): SourceFacts => ({
  seller: left.seller,
  amountMinor: left.amountMinor + right.amountMinor,
  platformFeeMinor:
    left.platformFeeMinor === null && right.platformFeeMinor === null
      ? null
      : (left.platformFeeMinor ?? 0n) + (right.platformFeeMinor ?? 0n),
});
