/** A cache of parsed documents; Yoga's shape. */
export interface DocumentCache<T> {
  get(document: string): T | undefined;
  set(document: string, value: T): void;
}

/** Characters of GraphQL text that a cache may stand for; a syntax tree takes some twenty times its text. */
const MAX_CHARACTERS = 1_000_000;
const MAX_CHARACTERS_OF_ONE = 20_000;

/**
 * Keeps what was used last, bounded by the length of the documents and not only by their number: a caller
 * who sends a different large document each time must not fill the memory.
 */
export function createDocumentCache<T>(): DocumentCache<T> {
  const entries = new Map<string, T>();
  let characters = 0;
  return {
    get(document) {
      const value = entries.get(document);
      if (value !== undefined) {
        entries.delete(document);
        entries.set(document, value);
      }
      return value;
    },
    set(document, value) {
      if (document.length > MAX_CHARACTERS_OF_ONE) return;
      if (!entries.has(document)) characters += document.length;
      entries.set(document, value);
      for (const oldest of entries.keys()) {
        if (characters <= MAX_CHARACTERS) break;
        entries.delete(oldest);
        characters -= oldest.length;
      }
    },
  };
}
