/** Texts of documents by their SHA-256, each known to the holder alone who sent it. */
export interface LearnedDocuments {
  find(holder: string, hash: string): string | undefined;
  /** A text that is too long is not kept. The hash must be that of the text. */
  keep(holder: string, hash: string, text: string): void;
}

/** Characters that all texts together may have, each with what it costs to keep one. */
const MAX_CHARACTERS = 4_000_000;
const MAX_CHARACTERS_OF_ONE = 20_000;
const COST_OF_ONE = 300;

interface Share {
  /** Least recently used first. */
  readonly texts: Map<string, string>;
  cost: number;
}

/**
 * Bounded for the process. When there is no room, who holds most loses what it used longest ago: a holder who sends a
 * different document each time pushes out its own only.
 */
export function createLearnedDocuments(maxCharacters = MAX_CHARACTERS): LearnedDocuments {
  const shares = new Map<string, Share>();
  let total = 0;

  function forgetOne(): void {
    const [holder, largest] = [...shares].reduce((most, each) => (each[1].cost > most[1].cost ? each : most));
    const [hash, text] = largest.texts.entries().next().value!;
    largest.texts.delete(hash);
    largest.cost -= costOf(text);
    total -= costOf(text);
    if (largest.texts.size === 0) shares.delete(holder);
  }

  return {
    find(holder, hash) {
      const texts = shares.get(holder)?.texts;
      const text = texts?.get(hash);
      if (texts === undefined || text === undefined) return undefined;
      texts.delete(hash);
      texts.set(hash, text);
      return text;
    },
    keep(holder, hash, text) {
      if (text.length > MAX_CHARACTERS_OF_ONE) return;
      const share = shares.get(holder) ?? { texts: new Map<string, string>(), cost: 0 };
      if (share.texts.has(hash)) return;
      shares.set(holder, share);
      share.texts.set(hash, text);
      share.cost += costOf(text);
      total += costOf(text);
      while (total > maxCharacters) forgetOne();
    },
  };
}

const costOf = (text: string): number => text.length + COST_OF_ONE;
