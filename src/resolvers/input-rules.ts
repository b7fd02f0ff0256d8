import { fieldTooLong, invalidInput, type Problem } from '../errors.ts';
import { isStorable } from './text.ts';

const MAX_MUTATION_WAIT_MS = 30_000;
const MAX_REFERENCE_LENGTH = 128;
const MAX_NOTE_LENGTH = 1000;

/** Where a field is in the input, and where its problems are collected: a caller learns of all at once. */
export interface Place {
  readonly path: readonly string[];
  readonly problems: Problem[];
}

export const within = (place: Place, ...names: string[]): Place => ({
  path: [...place.path, ...names],
  problems: place.problems,
});

export const complain = (place: Place, message: string): void => {
  place.problems.push(invalidInput(place.path, message));
};

/** Text of 1 to `max` characters; nothing is cut or trimmed. */
export function readText(place: Place, text: string, max: number, isOptional = false): string {
  const name = place.path.at(-1);
  // Code points, which is what a person counts; text that is too long even in code units is not counted.
  if (text.length > 2 * max || Array.from(text).length > max)
    place.problems.push(fieldTooLong(place.path, max, 'characters'));
  else if (text.trim() === '')
    complain(place, `${name} is empty. Say something${isOptional ? ' or leave it out' : ''}.`);
  else if (!isStorable(text)) complain(place, `${name} has a character that cannot be stored.`);
  return text;
}

/** Null when it is absent. */
export const readOptionalText = (place: Place, text: string | null | undefined, max: number): string | null =>
  text === null || text === undefined ? null : readText(place, text, max, true);

export const readNote = (place: Place, note: string | null | undefined): string | null =>
  readOptionalText(within(place, 'note'), note, MAX_NOTE_LENGTH);

export const readReference = (place: Place, reference: string | null | undefined): string | null =>
  readOptionalText(within(place, 'reference'), reference, MAX_REFERENCE_LENGTH);

/** How long a mutation waits for its provider, in milliseconds. */
export function readWaitMs(place: Place, waitMs: number | null | undefined): number {
  const value = waitMs ?? 5000;
  if (value < 0 || value > MAX_MUTATION_WAIT_MS)
    complain(within(place, 'waitMs'), `waitMs is ${value}. Say 0 to ${MAX_MUTATION_WAIT_MS}.`);
  return value;
}
