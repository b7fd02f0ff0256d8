import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Problem, type Sleep } from '../../examples/polling/ask.ts';
import { pollRefund, type RefundView } from '../../examples/polling/poll-with-fetch.ts';
import type { Exchange } from './front.ts';
import { startPolledService, type PolledService } from './polled-service.ts';

let polled: PolledService;
beforeAll(async () => {
  polled = await startPolledService('poll_with_fetch');
});
afterAll(() => polled.close());
beforeEach(() => {
  polled.front.exchanges.length = 0;
});

/** A client whose sleeping moves the time; `then` happens while it sleeps for the n-th time. */
function client(
  then: (nth: number) => Promise<unknown> | undefined = () => undefined,
  maxAgeSeconds: number | null = 5,
) {
  const slept: number[] = [];
  const shown: string[] = [];
  const sleep: Sleep = async (ms, signal) => {
    slept.push(ms);
    await polled.advance(ms);
    await then(slept.length);
    signal?.throwIfAborted();
  };
  const onChange = ({ status }: RefundView): void => void shown.push(status);
  const poll = (id: string, signal?: AbortSignal): Promise<RefundView> =>
    pollRefund(polled.api, id, {
      maxAgeSeconds: maxAgeSeconds ?? undefined,
      onChange,
      sleep,
      ...(signal && { signal }),
    });
  return { slept, shown, poll };
}

/** A client that leaves the asking of providers to the service. */
const NEVER_ASK = null;

/** What the answer said about when to ask again, by its header or in itself. */
function toldOf({ answerHeaders, text }: Exchange): number | null {
  const header = answerHeaders.get('x-poll-after-ms');
  if (header !== null) return header === 'null' ? null : Number(header);
  const { data } = JSON.parse(text) as { data: { refund: RefundView } };
  return data.refund.freshness.pollAfterMs;
}

describe('a client with nothing but fetch', () => {
  test.each([
    ['succeeded', 'SUCCEEDED'],
    ['canceled', 'FAILED'],
  ] as const)('sees a refund that is %s, asks when it was told to, and stops', async (outcome, status) => {
    const { slept, shown, poll } = client((nth) => (nth === 3 ? polled.settle(outcome) : undefined));
    const refund = await poll(await polled.makeRefund());
    expect(refund).toMatchObject({ status, isFinal: true, freshness: { pollAfterMs: null } });
    expect(shown).toEqual(['PENDING', status]);
    const told = polled.front.exchanges.map(toldOf);
    expect(told.at(-1)).toBeNull();
    expect(slept).toEqual(told.slice(0, -1));
    expect(slept.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...slept)).toBeGreaterThanOrEqual(2_000);
  });

  test('rests on the looks of the service, and is told in a few bytes that nothing has changed', async () => {
    const { slept, shown, poll } = client(async (nth) => {
      if (nth === 3) await polled.settle('succeeded');
      await polled.lookAtDue();
    }, NEVER_ASK);
    expect((await poll(await polled.makeRefund())).status).toBe('SUCCEEDED');
    expect(shown).toEqual(['PENDING', 'SUCCEEDED']);
    const { exchanges } = polled.front;
    expect(exchanges.map(({ status }) => status)).toEqual([200, 304, 304, 200]);
    expect(exchanges[1]!.text).toBe('');
    expect(exchanges[1]!.headers['if-none-match']).toBe(exchanges[0]!.answerHeaders.get('etag'));
    expect(slept).toEqual(exchanges.map(toldOf).slice(0, -1));
  });

  test('asks once for what is final already', async () => {
    const id = await polled.makeRefund();
    await polled.settle('succeeded');
    await polled.advance(5_000);
    await polled.sync(id);
    const { slept, shown, poll } = client();
    await poll(id);
    expect([shown, slept, polled.front.exchanges.length]).toEqual([['SUCCEEDED'], [], 1]);
  });

  test('waits as long as an overloaded service asks it to', async () => {
    const { slept, shown, poll } = client((nth) => {
      if (nth === 1) polled.front.answerNext(overloaded, overloaded);
      return nth === 3 ? polled.settle('succeeded') : undefined;
    });
    await poll(await polled.makeRefund());
    expect(shown).toEqual(['PENDING', 'SUCCEEDED']);
    expect(slept.slice(1, 3)).toEqual([97_000, 97_000]);
  });

  test('asks again after an error that says when', async () => {
    const unavailable = {
      message: 'The database does not answer.',
      extensions: { code: 'DATABASE_UNAVAILABLE' },
    };
    const body = { errors: [unavailable], data: { refund: null } };
    polled.front.answerNext({ status: 200, headers: { 'retry-after': '77' }, body });
    const { slept, poll } = client((nth) => (nth === 2 ? polled.settle('succeeded') : undefined));
    expect((await poll(await polled.makeRefund())).status).toBe('SUCCEEDED');
    expect(slept[0]).toBe(77_000);
  });

  test('survives a restart of the service, and backs off meanwhile', async () => {
    const cutsBefore = polled.front.cuts();
    const { slept, shown, poll } = client(async (nth) => {
      if (nth === 1) await polled.stop();
      if (nth === 5) await polled.start();
      if (nth === 6) await polled.settle('succeeded');
    });
    const refund = await poll(await polled.makeRefund());
    expect(refund.status).toBe('SUCCEEDED');
    expect(shown).toEqual(['PENDING', 'SUCCEEDED']);
    // Node's fetch may try a cut connection once more by itself.
    expect(polled.front.cuts() - cutsBefore).toBeGreaterThanOrEqual(4);
    const [first, second, third, fourth] = slept.slice(1, 5);
    for (const [pause, full] of [
      [first, 1_000],
      [second, 2_000],
      [third, 4_000],
      [fourth, 8_000],
    ] as const) {
      expect(pause).toBeGreaterThanOrEqual(full / 2);
      expect(pause).toBeLessThanOrEqual(full);
    }
  });

  test('shows the highest version, whatever comes in whatever order', async () => {
    const answer = (version: number, status: string, pollAfterMs: number | null) => ({
      status: 200,
      body: {
        data: {
          refund: { id: 'r', version, status, isFinal: pollAfterMs === null, freshness: { pollAfterMs } },
        },
      },
    });
    polled.front.answerNext(
      answer(5, 'UNKNOWN', 2_000),
      answer(4, 'PENDING', 2_000),
      answer(6, 'PENDING', 2_000),
      answer(7, 'SUCCEEDED', null),
    );
    const { shown, poll } = client();
    await poll('r');
    expect(shown).toEqual(['UNKNOWN', 'PENDING', 'SUCCEEDED']);
  });

  test('ends at once when it is aborted, with the reason', async () => {
    const stopping = new AbortController();
    const reason = new Error('the page was closed');
    const { poll } = client((nth) => {
      if (nth === 2) stopping.abort(reason);
      return undefined;
    });
    await expect(poll(await polled.makeRefund(), stopping.signal)).rejects.toBe(reason);
    expect(polled.front.exchanges).toHaveLength(2);
    await polled.settle('succeeded');
  });

  test('does not repeat what asking again will not mend', async () => {
    const failing = async (asked: Promise<unknown>): Promise<unknown> =>
      asked.catch((error: unknown) => error);
    const { poll, slept } = client();
    const absent = await failing(poll('UmVmdW5kOjAxYTIwMzhjLTIwMTgtNzQzZC1hNmNlLTEyN2Q3NmY4ZTA2ZA=='));
    expect((absent as Problem).code).toBe('NOT_FOUND');
    const stranger = { ...polled.api, apiKey: 'rf_nobody' };
    const refused = await failing(pollRefund(stranger, 'r', { onChange: () => undefined }));
    expect((refused as Problem).code).toBe('UNAUTHENTICATED');
    expect([slept, polled.front.exchanges.length]).toEqual([[], 2]);
  });
});

const overloaded = {
  status: 503,
  headers: { 'retry-after': '97' },
  body: { errors: [{ message: 'Too many.', extensions: { code: 'OVERLOADED' } }] },
};
