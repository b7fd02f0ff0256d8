import type { Position, Timeline } from '../timeline.ts';
import { invalid } from './api-error.ts';
import { listedSince } from './methods.ts';
import type { Settings } from './settings.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

/** One page as on the wire: newest first, `next_cursor` only when there is more. */
export interface Page {
  type: 'list';
  items: Record<string, unknown>[];
  next_cursor?: string;
}

export interface Listing<T extends Position> {
  timeline: Timeline;
  get(id: string): T | undefined;
  view(item: T): Record<string, unknown>;
  /** Equality filters, by query name: the value of an item and, where the provider has an enum, the allowed words. */
  equals: Record<string, { of(item: T): string; allowed?: readonly string[] }>;
  /** Instants that can be bounded with `.gte .gt .lte .lt`. */
  instants: Record<string, (item: T) => number | undefined>;
  /** New items are missing for this long: a list that lags behind its own writes. */
  lagSeconds: number;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
const BOUNDS: Record<string, (value: number, bound: number) => boolean> = {
  gte: (value, bound) => value >= bound,
  gt: (value, bound) => value > bound,
  lte: (value, bound) => value <= bound,
  lt: (value, bound) => value < bound,
};
const ISO_8601 = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Answers a list request; throws 400 with the name of the bad parameter (page using-api/lists). */
export function listPage<T extends Position>(
  listing: Listing<T>,
  query: URLSearchParams,
  settings: Settings,
  now: number,
): Page {
  const limit = parseLimit(query.get('limit'));
  const matches = filtersOf(listing, query, settings.strictFilters);
  const since = listedSince(now);
  const until = now - listing.lagSeconds * 1_000;
  const found: T[] = [];
  for (const id of listing.timeline.newestFirst(parseCursor(query.get('cursor')))) {
    const item = listing.get(id);
    if (item === undefined || (listing.lagSeconds > 0 && item.at > until)) continue;
    if (item.at < since) break;
    if (!matches.every((match) => match(item))) continue;
    found.push(item);
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const page: Page = { type: 'list', items: shown.map((item) => listing.view(item)) };
  return found.length > limit && last !== undefined ? { ...page, next_cursor: encodeCursor(last) } : page;
}

function filtersOf<T extends Position>(
  listing: Listing<T>,
  query: URLSearchParams,
  strict: boolean,
): ((item: T) => boolean)[] {
  const filters: ((item: T) => boolean)[] = [];
  for (const [name, value] of query) {
    if (name === 'limit' || name === 'cursor') continue;
    const [field = '', bound = '', ...rest] = name.split('.');
    const equality = listing.equals[name];
    const instant = listing.instants[field];
    const compare = BOUNDS[bound];
    if (equality !== undefined) {
      if (equality.allowed !== undefined && !equality.allowed.includes(value))
        throw invalid('badFilter', name);
      filters.push((item) => equality.of(item) === value);
    } else if (instant !== undefined && compare !== undefined && rest.length === 0) {
      const limit = parseInstant(value, name);
      filters.push((item) => {
        const at = instant(item);
        return at !== undefined && compare(at, limit);
      });
    } else if (strict) {
      throw invalid('badFilter', name);
    }
  }
  return filters;
}

function parseLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid('badLimit', 'limit');
  return limit;
}

function parseCursor(text: string | null): Position | undefined {
  if (text === null) return undefined;
  const position = decodeCursor(text);
  if (position === undefined) throw invalid('badCursor', 'cursor');
  return position;
}

function parseInstant(text: string, name: string): number {
  const instant = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw invalid('badFilter', name);
  return instant;
}
