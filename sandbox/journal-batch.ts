import type { Journal, JournalEntry } from './journal.ts';

/** The changes of a simulator since its last commit, which become one transaction of the journal. */
export class JournalBatch {
  readonly #journal: Journal;
  #entries: JournalEntry[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  note(kind: string, id: string, value: unknown): void {
    this.#entries.push({ kind, id, value });
  }

  /** Writes the changes; must run before anybody is answered. */
  commit(): void {
    if (this.#entries.length === 0) return;
    this.#journal.append(this.#entries);
    this.#entries = []; // kept when the journal throws: the next commit tries again
  }
}
