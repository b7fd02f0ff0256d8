import { setImmediate as immediate } from 'node:timers/promises';
import {
  environmentManager,
  isServer,
  QueryClient,
  QueryObserver,
  timeoutManager,
} from '@tanstack/query-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Problem } from '../../examples/polling/ask.ts';
import { refundQueryOptions, type PolledRefund } from '../../examples/polling/poll-with-tanstack-query.ts';
import { startPolledService, type PolledService } from './polled-service.ts';
import { createVirtualTimers } from './virtual-timers.ts';

const timers = createVirtualTimers();
let polled: PolledService;
beforeAll(async () => {
  // The library's own seams, which nothing else here uses; once set, its timers do not change hands.
  timeoutManager.setTimeoutProvider(timers.provider);
  environmentManager.setIsServer(() => false);
  polled = await startPolledService('poll_with_query');
});
afterAll(async () => {
  environmentManager.setIsServer(() => isServer);
  await polled.close();
});
beforeEach(() => {
  polled.front.exchanges.length = 0;
});

/** A component that shows a refund. `then` is called after each question that was answered. */
async function show(id: string, then: (answers: number) => Promise<unknown> | undefined = () => undefined) {
  const client = new QueryClient();
  const given = refundQueryOptions(polled.api, id, 5);
  let asking: Promise<unknown> | undefined;
  const options: typeof given = {
    ...given,
    queryFn: (context) => {
      const answer = given.queryFn(context);
      asking = answer;
      return answer;
    },
  };
  const observer = new QueryObserver(client, options);
  const shown: string[] = [];
  const close = observer.subscribe(({ data }) => {
    const status = data?.refund.status;
    if (status !== undefined && status !== shown.at(-1)) shown.push(status);
  });
  const query = client.getQueryCache().find<PolledRefund>({ queryKey: options.queryKey })!;
  /** Until nothing is asked any more, and what followed from the answer has happened. */
  const settled = async (): Promise<void> => {
    await immediate();
    for (let last: typeof asking; last !== asking; await immediate()) {
      last = asking;
      await last?.catch(() => undefined);
    }
  };
  await settled();
  const askedAt = [timers.nowMs()];
  const told = [query.state.data?.pollAfterMs];
  while (query.state.data?.pollAfterMs !== null && !isLost(query.state.error)) {
    const { length: answers } = polled.front.exchanges;
    await then(answers);
    await polled.advance(timers.dueIn()!);
    timers.fire();
    await settled();
    if (polled.front.exchanges.length === answers) continue;
    askedAt.push(timers.nowMs());
    told.push(query.state.data?.pollAfterMs);
  }
  const waits = askedAt.slice(1).map((at, index) => at - askedAt[index]!);
  return { client, options, observer, query, shown, waits, told, close };
}

const isLost = (error: unknown): boolean => error instanceof Problem && !error.isTemporary;

/** Lets all that is left run: with nobody's interest in it the query itself is forgotten. */
function runOut(): void {
  for (let left = 100; left > 0 && timers.dueIn() !== undefined; left -= 1) timers.fire();
}

describe('a query of TanStack Query', () => {
  test('asks when it was told to, sees each state, and stops', async () => {
    const seen = await show(await polled.makeRefund(), (answers) =>
      answers === 3 ? polled.settle('succeeded') : undefined,
    );
    expect(seen.shown).toEqual(['PENDING', 'SUCCEEDED']);
    expect(seen.told.at(-1)).toBeNull();
    expect(seen.waits).toEqual(seen.told.slice(0, -1));
    expect(seen.waits.length).toBeGreaterThanOrEqual(3);
    const asked = polled.front.exchanges.length;
    runOut();
    expect(seen.query.state.fetchStatus).toBe('idle');
    expect(polled.front.exchanges).toHaveLength(asked);
    seen.close();
    seen.client.clear();
  });

  test('is shared: who shows it as well asks nothing, what is final is never stale', async () => {
    const id = await polled.makeRefund();
    const other: { fetches: string[] } = { fetches: [] };
    const seen = await show(id, (answers) => (answers === 2 ? polled.settle('succeeded') : undefined));
    const asked = polled.front.exchanges.length;
    await polled.advance(3_600_000);
    const second = new QueryObserver(seen.client, seen.options);
    const closeSecond = second.subscribe(({ fetchStatus }) => void other.fetches.push(fetchStatus));
    expect(second.getCurrentResult()).toMatchObject({ isStale: false, fetchStatus: 'idle' });
    expect(second.getCurrentResult().data?.refund.status).toBe('SUCCEEDED');
    expect([other.fetches, polled.front.exchanges.length]).toEqual([[], asked]);
    closeSecond();
    seen.close();
    seen.client.clear();
  });

  test('waits as long as an overloaded service asks it to', async () => {
    let refusedFrom = 0;
    const seen = await show(await polled.makeRefund(), (answers) => {
      if (answers === 1) {
        polled.front.answerNext(overloaded, overloaded);
        refusedFrom = 1;
      }
      return answers === 4 ? polled.settle('succeeded') : undefined;
    });
    expect(seen.shown).toEqual(['PENDING', 'SUCCEEDED']);
    expect(polled.front.exchanges.slice(refusedFrom, 3).map(({ status }) => status)).toEqual([503, 503]);
    // To the first refusal as told, from there as it said.
    expect(seen.waits.slice(1, 3).every((wait) => wait >= 97_000)).toBe(true);
    seen.close();
    seen.client.clear();
  });

  test('survives a restart of the service, however long it takes', async () => {
    const cutsBefore = polled.front.cuts();
    let stage = 0;
    const seen = await show(await polled.makeRefund(), async (answers) => {
      const cuts = polled.front.cuts() - cutsBefore;
      if (stage === 0 && answers === 1) {
        stage = 1;
        await polled.stop();
      } else if (stage === 1 && cuts >= 9) {
        // Longer than it repeats one question.
        stage = 2;
        await polled.start();
        await polled.settle('succeeded');
      }
    });
    expect(seen.shown).toEqual(['PENDING', 'SUCCEEDED']);
    seen.close();
    seen.client.clear();
  });

  test('shows the highest version, whatever comes in whatever order', async () => {
    const answer = (version: number, status: string, pollAfterMs: number | null) => ({
      status: 200,
      body: { data: { refund: { id: 'r', version, status, freshness: { pollAfterMs } } } },
    });
    polled.front.answerNext(
      answer(5, 'UNKNOWN', 2_000),
      answer(4, 'PENDING', 2_000),
      answer(6, 'QUEUED', 2_000),
      answer(7, 'SUCCEEDED', null),
    );
    const seen = await show('r');
    expect(seen.shown).toEqual(['UNKNOWN', 'QUEUED', 'SUCCEEDED']);
    seen.close();
    seen.client.clear();
  });

  test('does not repeat what asking again will not mend', async () => {
    const seen = await show('UmVmdW5kOjAxYTIwMzhjLTIwMTgtNzQzZC1hNmNlLTEyN2Q3NmY4ZTA2ZA==');
    expect(seen.query.state.error).toMatchObject({ code: 'NOT_FOUND' });
    runOut();
    expect(polled.front.exchanges).toHaveLength(1);
    seen.close();
    seen.client.clear();
  });
});

const overloaded = {
  status: 503,
  headers: { 'retry-after': '97' },
  body: { errors: [{ message: 'Too many.', extensions: { code: 'OVERLOADED' } }] },
};
