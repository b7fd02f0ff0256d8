import { isUtf8 } from 'node:buffer';

const MAX_FIELDS = 200;

/**
 * The fields of `application/x-www-form-urlencoded`, decoded. Undefined for what is not UTF-8, has a `%` that encodes
 * nothing or a name twice: whoever read the other one would have checked something else.
 */
export function readForm(written: Buffer | string): ReadonlyMap<string, string> | undefined {
  if (typeof written !== 'string' && !isUtf8(written)) return undefined;
  const pairs = written.toString().split('&', MAX_FIELDS + 1);
  if (pairs.length > MAX_FIELDS) return undefined;
  const fields = new Map<string, string>();
  for (const pair of pairs.filter((text) => text !== '')) {
    const [name = '', ...rest] = pair.split('=');
    const [key, value] = [decode(name), decode(rest.join('='))];
    if (key === undefined || value === undefined || fields.has(key)) return undefined;
    fields.set(key, value);
  }
  return fields;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
