import { isObject } from '../json.ts';
import type { ProviderRequest } from '../simulator.ts';
import { ApiError } from './api-error.ts';

/** Parameters with bracket keys as nested maps: `a[b]=1`, `a[]=1` and `a[0]=1` are maps alike, with keys b and 0. */
export interface Form {
  [name: string]: string | Form;
}

const MAX_DEPTH = 5;

/** The parameters of a request, from its query and its form-encoded body. Throws 400 for a body of another kind. */
export function parseParams({ query, headers, body }: ProviderRequest): Form {
  const pairs = [...query];
  if (body.length > 0) {
    const type = headers['content-type'] ?? 'application/x-www-form-urlencoded';
    if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) throw new ApiError('bodyUnreadable');
    pairs.push(...new URLSearchParams(body.toString('utf8')));
  }
  return parseForm(pairs);
}

/** Builds the maps; of two values under one name the later one counts. Throws 400 when a name is both text and map. */
export function parseForm(pairs: Iterable<readonly [string, string]>): Form {
  const root = emptyForm();
  for (const [name, value] of pairs) {
    const path = pathOf(name);
    const last = path.pop() ?? name;
    let form = root;
    for (const step of path) form = descend(form, step);
    const key = last === '' ? nextIndex(form) : last;
    if (typeof form[key] === 'object') throw new ApiError('bodyUnreadable');
    form[key] = value;
  }
  return root;
}

/** The values of a list, however its keys were written. */
export function listOf(value: string | Form | undefined): (string | Form)[] {
  return isObject(value) ? Object.values(value) : value === undefined ? [] : [value];
}

/** The names of all parameters except the known ones. */
export function unknownNames(form: Form, known: readonly string[]): string[] {
  return Object.keys(form).filter((name) => !known.includes(name));
}

function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) return [name];
  const [, first = '', rest = ''] = match;
  const path = [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, step = '']) => step)];
  if (path.length > MAX_DEPTH) throw new ApiError('bodyUnreadable');
  return path;
}

function descend(form: Form, step: string): Form {
  const key = step === '' ? nextIndex(form) : step;
  const next = form[key] ?? emptyForm();
  if (typeof next === 'string') throw new ApiError('bodyUnreadable');
  form[key] = next;
  return next;
}

function nextIndex(form: Form): string {
  return String(Object.keys(form).length);
}

// Without a prototype, so that a parameter called __proto__ is a parameter.
function emptyForm(): Form {
  return Object.create(null) as Form;
}
