/** When an attempt was sent. */
interface Sends {
  readonly first_sent_at: Date | null;
  readonly last_sent_at: Date | null;
}

/**
 * When a provider that remembers keys for `lifeMs` has forgotten the key of an attempt; null: it was never sent. Bytes
 * are sent again only within that time from the first send. So a send after it was the first that can have arrived:
 * all before it were put off, and the provider knows the key from that one on.
 */
export function keyEndsAt({ first_sent_at: first, last_sent_at: last }: Sends, lifeMs: number): Date | null {
  if (first === null) return null;
  const ends = new Date(first.getTime() + lifeMs);
  return last !== null && last > ends ? new Date(last.getTime() + lifeMs) : ends;
}
