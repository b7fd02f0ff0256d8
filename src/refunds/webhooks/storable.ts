import type { WebhookMessage } from '../../providers/webhook.ts';

/** Messages of one request, at most: providers send one, or a handful. */
const messagesAtMost = 100;

const keyCharacters = 300;
const eventCharacters = 100;
const idCharacters = 255;

/**
 * Whether messages can be kept as they are. One that cannot would fail the statement of all others that are kept with
 * it: text of PostgreSQL has no zero character, and its columns have their lengths.
 */
export const isStorable = (messages: readonly WebhookMessage[]): boolean =>
  messages.length <= messagesAtMost &&
  messages.every(
    ({ event, deduplicationKey, subject, evidence }) =>
      fits(deduplicationKey, keyCharacters) &&
      fits(event, eventCharacters) &&
      Object.values(subject).every((id: string | null) => id === null || fits(id, idCharacters)) &&
      (evidence === undefined || fits(evidence.rawStatus, idCharacters)),
  );

const fits = (text: string, characters: number): boolean =>
  text.length > 0 && text.length <= characters && text.isWellFormed() && !text.includes('\0');
