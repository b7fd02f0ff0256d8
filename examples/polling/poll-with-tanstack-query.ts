import { environmentManager, QueryClient, QueryObserver, type Query } from '@tanstack/query-core';
import { ask, backoffMs, Problem, type Api } from './ask.ts';
import { REFUND, variablesOf, type RefundView } from './poll-with-fetch.ts';

/** The refund, and when it is worth asking again; null: never. */
export interface PolledRefund {
  readonly refund: RefundView;
  readonly pollAfterMs: number | null;
}

type RefundQuery = Query<PolledRefund, Error, PolledRefund, readonly [string, string]>;

const MAX_RETRIES = 5;
/** Where nothing was ever answered. */
const FIRST_ANSWER_MS = 10_000;

/**
 * The options of a query that polls a refund for as long as it changes, for `useQuery` of any of TanStack's bindings. All
 * times are the service's: how long an answer is fresh, when to ask again, and when to stop.
 */
export const refundQueryOptions = (api: Api, id: string, maxAgeSeconds?: number) => ({
  queryKey: ['refund', id] as const,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<PolledRefund> => {
    const answer = await ask<{ refund: RefundView | null }>(api, REFUND, variablesOf(id, maxAgeSeconds), {
      signal,
    });
    const refund = answer.data?.refund;
    if (refund === null || refund === undefined)
      throw new Problem('There is no such refund.', { code: 'NOT_FOUND' });
    return { refund, pollAfterMs: answer.pollAfterMs ?? refund.freshness.pollAfterMs };
  },
  /** Another component that shows the refund meanwhile asks nothing. What is final is never stale. */
  staleTime: ({ state: { data } }: RefundQuery) =>
    data === undefined ? 0 : (data.pollAfterMs ?? Number.POSITIVE_INFINITY),
  refetchInterval: ({ state: { data, error } }: RefundQuery) => {
    if (error instanceof Problem && !error.isTemporary) return false;
    if (data === undefined) return FIRST_ANSWER_MS;
    return data.pollAfterMs ?? false;
  },
  /** An answer may overtake another on its way: the highest version stays. */
  structuralSharing: (before: unknown, now: unknown): unknown =>
    isOlder(now as PolledRefund, before as PolledRefund | undefined) ? before : now,
  retry: (failures: number, error: Error) =>
    error instanceof Problem && error.isTemporary && failures < MAX_RETRIES,
  retryDelay: (failures: number, error: Error) =>
    error instanceof Problem ? backoffMs(failures + 1, error) : FIRST_ANSWER_MS,
});

const isOlder = (now: PolledRefund, before: PolledRefund | undefined): boolean =>
  before !== undefined && now.refund.version < before.refund.version;

if (import.meta.main) {
  const [url = '', apiKey = '', id = ''] = process.argv.slice(2);
  // Where there is no window it takes itself for a server that renders, and polls nothing.
  environmentManager.setIsServer(() => false);
  // Nothing is kept for components that may show it later: that would keep the process for five minutes.
  const client = new QueryClient({ defaultOptions: { queries: { gcTime: 0 } } });
  client.mount();
  const observer = new QueryObserver(client, refundQueryOptions({ url, apiKey }, id));
  const stop = observer.subscribe(({ data, error }) => {
    if (data !== undefined) console.log(data.refund.status, data.refund.moneyMovement, data.refund.summary);
    if (error !== null) console.error(error.message);
    if (data?.pollAfterMs !== null) return;
    stop();
    client.unmount();
    client.clear();
  });
}
