import type { Position, Timeline } from '../timeline.ts';
import { ApiError } from './api-error.ts';
import type { Settings } from './settings.ts';
import { type Json, secondsOf } from './view.ts';

/** One page: `count` is the number of items in it; there is no total and no cursor. */
export interface Page extends Json {
  entity: 'collection';
  count: number;
  items: Json[];
}

export interface Listing<T extends Position> {
  timeline: Timeline;
  get(id: string): T | undefined;
  view(item: T): Json;
  /** The order of the documentation's samples. */
  order: 'newest' | 'oldest';
  /** New items are missing for this long: a list that lags behind its own writes. */
  lagSeconds: number;
}

const DEFAULT_COUNT = 10;
const MAX_COUNT = 100;
const FIRST_SECOND = 946_684_800;
const LAST_SECOND = 4_765_046_400;

/** Answers a list request (docs api/payments/fetch-all-payments); other parameters are ignored. Throws 400. */
export function listPage<T extends Position>(
  listing: Listing<T>,
  query: URLSearchParams,
  { listEdges, listOrder }: Settings,
  now: number,
): Page {
  const from = parseInstant(query, 'from');
  const to = parseInstant(query, 'to');
  const count = parseCount(query.get('count'));
  const skip = parseSkip(query.get('skip'));
  const edge = listEdges === 'exclusive' ? 1 : 0;
  const first = from === undefined ? Number.NEGATIVE_INFINITY : from + edge;
  const last = to === undefined ? Number.POSITIVE_INFINITY : to - edge;
  const until = now - listing.lagSeconds * 1_000;
  const found: T[] = [];
  for (const id of listing.timeline.newestFirst()) {
    const item = listing.get(id);
    if (item === undefined || (listing.lagSeconds > 0 && item.at > until)) continue;
    const second = secondsOf(item.at);
    if (second < first) break;
    if (second <= last) found.push(item);
  }
  const newestFirst = (listing.order === 'newest') === (listOrder === 'samples');
  const ordered = newestFirst ? found : found.toReversed();
  const items = ordered.slice(skip, skip + count).map((item) => listing.view(item));
  return { entity: 'collection', count: items.length, items };
}

function parseInstant(query: URLSearchParams, name: 'from' | 'to'): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const second = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (second < FIRST_SECOND || second > LAST_SECOND) throw new ApiError('instantRange', { id: name }, name);
  return second;
}

function parseCount(text: string | null): number {
  if (text === null) return DEFAULT_COUNT;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new ApiError('countLow');
  if (count > MAX_COUNT) throw new ApiError('countHigh');
  return count;
}

function parseSkip(text: string | null): number {
  if (text === null) return 0;
  if (!/^\d{1,9}$/.test(text)) throw new ApiError('skipInvalid');
  return Number(text);
}
