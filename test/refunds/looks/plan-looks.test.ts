import { describe, expect, test } from 'vitest';
import type { Look, RefundFacts, RefundListPage, RefundListQuery } from '../../../src/providers/provider.ts';
import type { Asked, LookCalls } from '../../../src/refunds/looks/plan-calls.ts';
import { lookAtRefunds } from '../../../src/refunds/looks/plan-looks.ts';

const start = Date.parse('2026-11-22T10:00:00Z');
const minute = 60_000;

/** A refund of the provider's books, so many minutes old. */
interface Booked {
  readonly id: string;
  readonly payment: string;
  readonly minutesAgo: number;
  readonly isHidden?: boolean;
  /** Failed, for a reason that only a single read tells. */
  readonly hasFailed?: boolean;
}

const why = {
  code: 'PROVIDER_REJECTED',
  message: 'The reason.',
  retry: 'NEVER',
  providerCode: null,
} as const;

const factsOf = ({ id, payment, minutesAgo, hasFailed = false }: Booked): RefundFacts => ({
  providerRefundId: id,
  providerPaymentId: payment,
  status: hasFailed ? 'FAILED' : 'SUCCEEDED',
  rawStatus: hasFailed ? 'failed' : 'succeeded',
  amount: { minor: 100n, currency: 'RUB' },
  failure: hasFailed ? why : null,
  ourReference: null,
  createdAt: new Date(start - minutesAgo * minute),
  traceReferences: [],
  sources: [],
  providerDetails: {},
});

const down = {
  kind: 'unavailable',
  failure: { code: 'PROVIDER_UNAVAILABLE', message: '', retry: 'WAIT', providerCode: null },
} as const;

const once = <T>(look: Look<T>): Asked<T> => ({ look, requests: 1 });

/** A provider with such books, lists of `pageSize`, and a count of what it was asked. */
function provider(
  books: readonly Booked[],
  options: { pageSize?: number; byTime?: boolean; byPayment?: boolean; failAt?: number } = {},
) {
  const { pageSize = 100, byTime = true, byPayment = true, failAt } = options;
  const asked: string[] = [];
  const newestFirst = books.toSorted((a, b) => a.minutesAgo - b.minutesAgo);
  const ask = (what: string): boolean => asked.push(what) - 1 !== failAt;
  const listRefunds = async (query: RefundListQuery) => {
    if (!ask(query.providerPaymentId === undefined ? 'scan' : 'list')) return once<RefundListPage>(down);
    const matching = newestFirst
      .map((booked) => ({ booked, facts: factsOf(booked) }))
      .filter(
        ({ booked, facts }) =>
          booked.isHidden !== true &&
          (query.providerPaymentId === undefined || booked.payment === query.providerPaymentId) &&
          (query.createdFrom === undefined || facts.createdAt >= query.createdFrom) &&
          (query.createdTo === undefined || facts.createdAt <= query.createdTo),
      );
    const from = Number(query.cursor ?? 0);
    const refunds = matching.slice(from, from + pageSize).map(({ facts }) => ({ ...facts, failure: null }));
    const nextCursor = matching.length > from + pageSize ? String(from + pageSize) : null;
    return once<RefundListPage>({ kind: 'found', value: { refunds, nextCursor } });
  };
  const calls: LookCalls = {
    async readRefund({ providerRefundId: id }) {
      if (!ask('single')) return once(down);
      const booked = books.find((each) => each.id === id);
      return once(booked === undefined ? { kind: 'absent' } : { kind: 'found', value: factsOf(booked) });
    },
    listRefunds: byTime || byPayment ? listRefunds : undefined,
    canListByTime: byTime,
    canListByPayment: byPayment,
    readsAtOnce: 8,
    budget: Infinity,
    now: () => 0,
  };
  return { calls, asked };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const wantedOf = (books: readonly Booked[]) =>
  books.map(({ id, payment, minutesAgo }) => ({
    providerRefundId: id,
    providerPaymentId: payment,
    amount: { minor: 1n, currency: 'RUB' } as const,
    createdAt: new Date(start - minutesAgo * minute),
  }));

describe('how many calls', () => {
  test('a page of 100 over one window is one list', async () => {
    const books = range(100).map((index) => ({ id: `r${index}`, payment: `p${index}`, minutesAgo: index }));
    const { calls, asked } = provider(books);
    const looks = await lookAtRefunds(calls, wantedOf(books));
    expect(looks.found.size).toBe(100);
    expect(asked).toEqual(['scan']);
  });

  test('many of one payment are one list, however far apart', async () => {
    const books = range(50).map((index) => ({ id: `r${index}`, payment: 'p', minutesAgo: index * 10_000 }));
    const { calls, asked } = provider(books);
    const looks = await lookAtRefunds(calls, wantedOf(books));
    expect(looks.found.size).toBe(50);
    expect(asked).toEqual(['list']);
  });

  test('one alone is one single read', async () => {
    const books = [{ id: 'r', payment: 'p', minutesAgo: 5 }];
    const { calls, asked } = provider(books);
    expect((await lookAtRefunds(calls, wantedOf(books))).found.size).toBe(1);
    expect(asked).toEqual(['single']);
  });

  test('single reads do not wait for each other with their deadlines running', async () => {
    const books = range(30).map((index) => ({ id: `r${index}`, payment: `p${index}`, minutesAgo: index }));
    const { calls } = provider(books, { byTime: false, byPayment: false });
    let running = 0;
    let most = 0;
    const readRefund: LookCalls['readRefund'] = async (id) => {
      running += 1;
      most = Math.max(most, running);
      const look = await calls.readRefund(id);
      running -= 1;
      return look;
    };
    const looks = await lookAtRefunds({ ...calls, readRefund }, wantedOf(books));
    expect(looks.found.size).toBe(30);
    expect(most).toBe(8);
  });

  test('none is none', async () => {
    const { calls, asked } = provider([]);
    expect(await lookAtRefunds(calls, [])).toEqual({
      found: new Map(),
      absent: [],
      unavailable: undefined,
      calls: [],
      putOff: [],
      callsPutOff: [],
    });
    expect(asked).toEqual([]);
  });

  const busy = range(5_000).map((index) => ({ id: `b${index}`, payment: `x${index}`, minutesAgo: index }));

  test('a few old ones in a busy shop are a page of their own, without the year between', async () => {
    const old = range(4).map((index) => ({
      id: `r${index}`,
      payment: `p${index}`,
      minutesAgo: index === 0 ? 1 : 500_000 + index,
    }));
    const { calls, asked } = provider([...busy, ...old]);
    const looks = await lookAtRefunds(calls, wantedOf(old));
    expect(looks.found.size).toBe(4);
    expect(asked).toEqual(['scan', 'scan']);
  });

  test('old ones that are far apart are not worth a page each', async () => {
    const old = range(6).map((index) => ({ id: `r${index}`, payment: `p${index}`, minutesAgo: index * 700 }));
    const { calls, asked } = provider([...busy, ...old]);
    const looks = await lookAtRefunds(calls, wantedOf(old));
    expect(looks.found.size).toBe(6);
    expect(asked).toEqual(['scan', ...Array<string>(5).fill('single')]);
  });

  test('three busy days are a page each', async () => {
    const days = range(90).map((index) => ({
      id: `r${index}`,
      payment: `p${index}`,
      minutesAgo: (index % 3) * 1_500 + Math.floor(index / 3),
    }));
    const { calls, asked } = provider([...busy, ...days]);
    const looks = await lookAtRefunds(calls, wantedOf(days));
    expect(looks.found.size).toBe(90);
    expect(asked).toEqual(['scan', 'scan', 'scan']);
  });

  test('many of one payment over a year, and scattered ones of today, are a list and a page', async () => {
    const year = range(50).map((index) => ({
      id: `y${index}`,
      payment: 'p',
      minutesAgo: 9 + index * 10_000,
    }));
    const today = range(20).map((index) => ({ id: `t${index}`, payment: `q${index}`, minutesAgo: index }));
    const { calls, asked } = provider([...busy, ...year, ...today]);
    const looks = await lookAtRefunds(calls, wantedOf([...year, ...today]));
    expect(looks.found.size).toBe(70);
    expect(asked).toEqual(['scan', 'list']);
  });

  test('of one payment that has more than a page are followed as long as a page shows some', async () => {
    const books = range(30).map((index) => ({ id: `r${index}`, payment: 'p', minutesAgo: index * 10 }));
    const { calls, asked } = provider(books, { byTime: false, pageSize: 10 });
    const wanted = books.filter((_, index) => index < 15);
    expect((await lookAtRefunds(calls, wantedOf(wanted))).found.size).toBe(15);
    expect(asked).toEqual(['list', 'list']);
  });

  test('where there is one call per order are one call per order, all at once', async () => {
    const books = range(24).map((index) => ({
      id: `r${index}`,
      payment: `p${index % 8}`,
      minutesAgo: index,
    }));
    const { calls, asked } = provider(books, { byTime: false });
    let running = 0;
    let most = 0;
    const looks = await lookAtRefunds(
      {
        ...calls,
        listRefunds: async (query) => {
          running += 1;
          most = Math.max(most, running);
          const page = await calls.listRefunds!(query);
          running -= 1;
          return page;
        },
      },
      wantedOf(books),
    );
    expect(looks.found.size).toBe(24);
    expect(asked).toEqual(Array<string>(8).fill('list'));
    expect(most).toBe(8);
  });

  test('30 among 150 others of the same hours are the few pages of these hours', async () => {
    const books = range(180).map((index) => ({ id: `r${index}`, payment: `p${index}`, minutesAgo: index }));
    const { calls, asked } = provider(books);
    const looks = await lookAtRefunds(calls, wantedOf(books.filter((_, index) => index % 6 === 0)));
    expect(looks.found.size).toBe(30);
    expect(asked).toEqual(['scan', 'scan']);
  });

  test('without lists each is read alone', async () => {
    const books = range(3).map((index) => ({ id: `r${index}`, payment: 'p', minutesAgo: index }));
    const { calls, asked } = provider(books, { byTime: false, byPayment: false });
    expect((await lookAtRefunds(calls, wantedOf(books))).found.size).toBe(3);
    expect(asked).toEqual(['single', 'single', 'single']);
  });

  test('a list that never ends is not followed for ever', async () => {
    let pages = 0;
    const books = range(10).map((index) => ({ id: `r${index}`, payment: `p${index}`, minutesAgo: index }));
    const { calls } = provider(books);
    const endless: LookCalls = {
      ...calls,
      listRefunds: async () => {
        pages += 1;
        return once({ kind: 'found', value: { refunds: [], nextCursor: 'again' } });
      },
    };
    expect((await lookAtRefunds(endless, wantedOf(books))).found.size).toBe(10);
    expect(pages).toBeLessThanOrEqual(2);
  });

  test('a list that goes on and on about others is not followed for ever', async () => {
    let pages = 0;
    const books = range(10).map((index) => ({ id: `r${index}`, payment: `p${index}`, minutesAgo: index }));
    const { calls } = provider(books);
    const others = [0, 100].map((minutesAgo) => factsOf({ id: 'x', payment: 'x', minutesAgo }));
    const endless: LookCalls = {
      ...calls,
      listRefunds: async () => {
        pages += 1;
        return once({ kind: 'found', value: { refunds: others, nextCursor: 'again' } });
      },
    };
    expect((await lookAtRefunds(endless, wantedOf(books))).found.size).toBe(10);
    expect(pages).toBe(2);
  });
});

describe('what a list does not show', () => {
  test('is read by its id, since lists lag behind', async () => {
    const books = range(10).map((index) => ({
      id: `r${index}`,
      payment: `p${index}`,
      minutesAgo: index,
      isHidden: index === 3,
    }));
    const { calls, asked } = provider(books);
    const looks = await lookAtRefunds(calls, wantedOf(books));
    expect(looks.found.size).toBe(10);
    expect(asked).toEqual(['scan', 'single']);
  });

  test('of why a refund failed is read by its id', async () => {
    const books = range(10).map((index) => ({
      id: `r${index}`,
      payment: `p${index}`,
      minutesAgo: index,
      hasFailed: index === 3,
    }));
    const { calls, asked } = provider(books);
    const looks = await lookAtRefunds(calls, wantedOf(books));
    expect(looks.found.get('r3')).toMatchObject({ status: 'FAILED', failure: why });
    expect(looks.found.size).toBe(10);
    expect(asked).toEqual(['scan', 'single']);
  });

  test('and does not exist there is told as absent', async () => {
    const books = [{ id: 'r', payment: 'p', minutesAgo: 1 }];
    const gone = { id: 'gone', payment: 'p', minutesAgo: 2 };
    const { calls } = provider(books);
    const looks = await lookAtRefunds(calls, wantedOf([...books, gone]));
    expect([...looks.found.keys()]).toEqual(['r']);
    expect(looks.absent).toEqual(['gone']);
  });
});

describe('a provider that cannot be asked', () => {
  const books = range(6).map((index) => ({
    id: `r${index}`,
    payment: `p${index % 2}`,
    minutesAgo: index * 9_000,
  }));

  test('is asked nothing more after a list that failed, and what was found counts', async () => {
    const { calls, asked } = provider(books, { failAt: 1, byTime: false });
    const looks = await lookAtRefunds(calls, wantedOf(books));
    expect(asked).toEqual(['list', 'list']);
    expect(looks.unavailable).toBe(down);
    expect(looks.found.size).toBe(3);
  });

  test('by a scan leaves all as it was', async () => {
    const { calls, asked } = provider(books, { failAt: 0 });
    const looks = await lookAtRefunds(calls, wantedOf(books));
    expect(asked).toHaveLength(1);
    expect(looks).toMatchObject({ found: new Map(), absent: [], unavailable: down });
  });

  test('about one refund says so, with the others', async () => {
    const apart = books.map((booked) => ({ ...booked, payment: booked.id }));
    const { calls } = provider(apart, { byTime: false, failAt: 2 });
    const looks = await lookAtRefunds(calls, wantedOf(apart));
    expect(looks.found.size).toBe(5);
    expect(looks.unavailable).toBe(down);
    expect(looks.absent).toEqual([]);
  });
});

describe('a list of bad habits', () => {
  test('that shows nothing of twenty payments is given up while the first are on their way', async () => {
    const books = range(40).map((index) => ({
      id: `r${index}`,
      payment: `p${index % 20}`,
      minutesAgo: index,
      isHidden: true,
    }));
    const { calls, asked } = provider(books, { byTime: false });
    expect((await lookAtRefunds(calls, wantedOf(books))).found.size).toBe(40);
    expect(asked.filter((what) => what === 'list').length).toBeLessThanOrEqual(9);
  });

  test('whose cursor comes again is followed once, over time and of a payment', async () => {
    for (const payments of [1, 30]) {
      const books = range(30).map((index) => ({
        id: `r${index}`,
        payment: `p${index % payments}`,
        minutesAgo: index,
      }));
      const { calls } = provider(books);
      let pages = 0;
      const repeating: LookCalls = {
        ...calls,
        listRefunds: async () => {
          const refunds = books.slice(pages * 3, pages * 3 + 3).map((booked) => factsOf(booked));
          pages += 1;
          return once({ kind: 'found', value: { refunds, nextCursor: 'same' } });
        },
      };
      expect((await lookAtRefunds(repeating, wantedOf(books))).found.size).toBe(30);
      expect(pages).toBe(2);
    }
  });

  test('that goes by no window is read once over time', async () => {
    const books = range(40).map((index) => ({
      id: `r${index}`,
      payment: `p${index}`,
      minutesAgo: 100 + index * (index < 10 ? 1 : 5_000),
    }));
    const { calls } = provider(books);
    let pages = 0;
    const newest = { id: 'x', payment: 'x', minutesAgo: 0 };
    const deaf: LookCalls = {
      ...calls,
      listRefunds: async () => {
        pages += 1;
        const refunds = [newest, ...books.slice(0, 10)].map((booked) => factsOf(booked));
        return once({ kind: 'found', value: { refunds, nextCursor: String(pages) } });
      },
    };
    expect((await lookAtRefunds(deaf, wantedOf(books))).found.size).toBe(40);
    expect(pages).toBe(1);
  });
});
