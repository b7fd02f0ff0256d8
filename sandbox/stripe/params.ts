import { isObject } from '../json.ts';
import { ApiError } from './api-error.ts';
import { type Form, unknownNames } from './form.ts';
import type { Metadata } from './records.ts';

const MAX_KEYS = 50;
const MAX_KEY_LENGTH = 40;
const MAX_VALUE_LENGTH = 500;

/** Throws 400 that names the first parameter that the operation does not have. */
export function refuseUnknown(form: Form, known: readonly string[]): void {
  const [first] = unknownNames(form, [...known, 'expand']);
  if (first !== undefined) throw new ApiError('parameterUnknown', { id: first }, first);
}

/** A text; undefined when absent or empty. Throws 400 for a map. */
export function textOf(form: Form, name: string): string | undefined {
  const value = form[name];
  if (isObject(value)) throw new ApiError('bodyUnreadable', {}, name);
  return value === '' ? undefined : value;
}

/** One of some words; undefined when absent. Throws 400 for another word. */
export function wordOf(form: Form, name: string, words: readonly string[]): string | undefined {
  const word = textOf(form, name);
  if (word !== undefined && !words.includes(word)) {
    throw new ApiError('wordInvalid', { id: name, limit: words.join(', ') }, name);
  }
  return word;
}

/** A whole number of at least `least`; undefined when absent. Throws 400 `parameter_invalid_integer`. */
export function integerOf(form: Form, name: string, least: bigint): bigint | undefined {
  const text = form[name];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^-?\d{1,18}$/.test(text)) {
    throw new ApiError('integerInvalid', { id: typeof text === 'string' ? text : name }, name);
  }
  const value = BigInt(text);
  if (value < least) throw new ApiError('integerLow', { limit: least.toString() }, name);
  return value;
}

/**
 * The metadata after a request (docs.stripe.com/api/metadata): keys are added or replaced, an empty value removes its key,
 * an empty `metadata` removes all. Throws 400 beyond 50 keys, 40 characters of a key, 500 of a value.
 */
export function changedMetadata(form: Form, before: Metadata): Metadata {
  const given = form['metadata'];
  if (given === undefined) return before;
  if (given === '') return {};
  if (!isObject(given)) throw new ApiError('metadataInvalid');
  const changed = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== 'string') throw new ApiError('metadataInvalid');
    if (key.length > MAX_KEY_LENGTH || value.length > MAX_VALUE_LENGTH) throw new ApiError('metadataLong');
    if (value === '') changed.delete(key);
    else changed.set(key, value);
  }
  if (changed.size > MAX_KEYS) throw new ApiError('metadataMany');
  return Object.fromEntries(changed);
}
