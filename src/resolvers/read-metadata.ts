import { fieldTooLong } from '../errors.ts';
import { complain, within, type Place } from './input-rules.ts';
import { isStorable } from './text.ts';

const MAX_ENTRIES = 14;
const MAX_KEY_LENGTH = 32;
const MAX_VALUE_LENGTH = 256;
/** Ours at the providers: the reference by which a refund is found again. */
const RESERVED_KEY = 'refund_ref';

/** The caller's own map, within what every provider can carry. */
export function readMetadata(
  parent: Place,
  metadata: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  const place = within(parent, 'metadata');
  const entries = Object.entries(metadata ?? {});
  if (entries.length > MAX_ENTRIES) place.problems.push(fieldTooLong(place.path, MAX_ENTRIES, 'entries'));
  else for (const [key, value] of entries) checkEntry(place, key, value);
  return Object.fromEntries(entries);
}

function checkEntry(place: Place, key: string, value: string): void {
  // A long key is named by its beginning: an error repeats no more than it needs.
  const at = within(place, key.slice(0, MAX_KEY_LENGTH));
  if (key === '') complain(place, 'A key of metadata is empty. Name it.');
  else if (key === RESERVED_KEY) complain(at, `The key "${RESERVED_KEY}" is reserved. Use another one.`);
  else if (key.length > MAX_KEY_LENGTH)
    place.problems.push({
      ...fieldTooLong(at.path, MAX_KEY_LENGTH, 'characters'),
      message: `A key of metadata is longer than ${MAX_KEY_LENGTH} characters. Shorten it.`,
    });
  if (value.length > MAX_VALUE_LENGTH)
    place.problems.push(fieldTooLong(at.path, MAX_VALUE_LENGTH, 'characters'));
  if (!isStorable(key) || !isStorable(value)) complain(at, 'It has a character that cannot be stored.');
}
