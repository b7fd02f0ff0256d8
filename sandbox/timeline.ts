/** Where an object stands in a list: by creation time, and by arrival within the same millisecond. */
export interface Position {
  at: number;
  seq: number;
}

/** An object with an id that stands in lists. */
export interface Placed extends Position {
  id: string;
}

/** Objects in order of creation, for lists that show the newest first. Insertion at the end is cheap. */
export class Timeline {
  readonly #placed: Placed[] = [];

  insert(item: Placed): void {
    const { id, at, seq } = item;
    this.#placed.splice(this.#firstNotBefore(item), 0, { id, at, seq });
  }

  /** Newest first, from the newest object that is older than `before`. */
  *newestFirst(before?: Position): Generator<string> {
    const end = before === undefined ? this.#placed.length : this.#firstNotBefore(before);
    for (let index = end - 1; index >= 0; index -= 1) {
      const placed = this.#placed[index];
      if (placed !== undefined) yield placed.id;
    }
  }

  #firstNotBefore(position: Position): number {
    let low = 0;
    let high = this.#placed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const placed = this.#placed[middle];
      if (placed !== undefined && (placed.at - position.at || placed.seq - position.seq) < 0)
        low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
