import type { Freshness } from '../../refunds/looks/freshness.ts';
import { summarizeFreshness } from '../../resolvers/shown-freshness.ts';
import type { RequestRecord } from '../access-log.ts';
import type { Answer } from '../answer.ts';

/** The answer that stands for the one that its tag names (RFC 9110, section 15.4.5). */
export const notModified = (tag: string, freshness: Freshness | undefined): Answer => ({
  status: 304,
  headers: { ...cacheHeaders(tag), ...freshnessHeaders(freshness) },
  body: '',
});

/** Kept by the one who asked, shown again only after asking. */
const cacheHeaders = (tag: string) => ({
  etag: tag,
  'cache-control': 'private, no-cache',
  vary: 'Authorization, Accept',
});

/** `null`, as in the answer: polling can stop. */
const freshnessHeaders = (freshness: Freshness | undefined): Record<string, string> =>
  freshness === undefined
    ? {}
    : {
        'x-as-of': freshness.asOf.toISOString(),
        'x-is-stale': String(freshness.isStale),
        'x-poll-after-ms': String(freshness.pollAfterMs),
      };

/** Also where nothing has a tag: who polls by POST needs no fields for it. */
export const withFreshness = (answer: Answer, { operationType, shown }: RequestRecord): Answer =>
  operationType !== 'query' || answer.status !== 200
    ? answer
    : withHeaders(answer, freshnessHeaders(summarizeFreshness(shown.freshness)));

const withHeaders = (answer: Answer, headers: Readonly<Record<string, string>>): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...headers },
});

/** An answer with the tag by which it can be asked for again. */
export const withTag = (answer: Answer, tag: string, freshness: Freshness | undefined): Answer =>
  withHeaders(answer, { ...cacheHeaders(tag), ...freshnessHeaders(freshness) });
