import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll, type Poll, type PollAnswer } from './polling.ts';
import { listUnversionedChanges } from '../../support/unversioned-changes.ts';
import { READER, startPlay, step, type Play } from './play.ts';

let play: Play;
beforeAll(async () => {
  play = await startPlay('every_304');
});
afterAll(async () => {
  await play.release();
  await play.service.close();
});

const STORED = `__typename id version reference retries status isFinal moneyMovement summary
  amount { value currency minorUnits exponent } returned { value } reason note metadata origin
  sources { seller amount { value } returned { value } platformFee { value } status leg { id status } }
  legs { id status amount { value } attempt providerRefundId failure { code message retry providerCode } }
  items { item { item title } quantity amount { value } }
  failure { code message retry providerCode } traceReferences { kind value availability }
  expectedArrival { from to } attention { reason since }
  history { kind at actor source from to evidence leg { id status } } account { id code provider } merchant { code }
  createdAt updatedAt finalizedAt`;
const PAYMENT = `id version paymentStatus: status orderReference factsFrom providerPaymentId capturedAt externalRefunds
  amount { value } captured { value } refunded { value } reserved { value } refundable { value } account { code }`;
const FRESHNESS = 'freshness { asOf isStale pollAfterMs }';

/** Operations that may be answered with 304, by the refund and the payment that they ask about. */
const shapes: readonly ((refund: string, payment: string) => Poll)[] = [
  (id) => ({ query: `query ($id: ID!) { refund(by: { id: $id }) { ${STORED} } }`, variables: { id } }),
  (id) => ({
    query: `query ($id: ID!) { refund(by: { id: $id }) { status payment { ${PAYMENT} } ${FRESHNESS} } }`,
    variables: { id },
  }),
  (id) => ({
    query: `query ($by: RefundRefInput!) { refund(by: $by, maxAgeSeconds: 30) { ${STORED} ${FRESHNESS} } }`,
    variables: { by: { id } },
  }),
  (id) => ({
    query: `query ($id: ID!, $wait: Int = 5000) { refund(by: { id: $id }, maxAgeSeconds: 5, waitMs: $wait) { ...of }
      again: refund(by: { id: $id }) { returned { value } } } fragment of on Refund { status version ${FRESHNESS} }`,
    variables: { id },
  }),
  (id, payment) => ({
    query: `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Refund { ${STORED} } ... on Payment { ${PAYMENT} } } }`,
    variables: { ids: [payment, id, 'nothing'] },
  }),
  (id) => ({
    query: `{ node(id: "${id}") { ... on Refund { attention { reason } legs { status } ${FRESHNESS} } } }`,
  }),
  (_id, payment) => ({
    query: `query ($id: ID!) { node(id: $id) { id ... on Payment { ${PAYMENT} } } }`,
    variables: { id: payment },
  }),
  () => ({ query: `{ refunds(first: 50) { nodes { ${STORED} } pageInfo { hasNextPage endCursor } } }` }),
  (_id, payment) => ({
    query: `query ($filter: RefundFilter) { refunds(filter: $filter, maxAgeSeconds: 60) { edges { cursor node { id status note ${FRESHNESS} } } } }`,
    variables: { filter: { payment } },
  }),
  () => ({
    query: `{ refunds(filter: { status: [UNKNOWN, FAILED, MANUAL_REVIEW] }) { nodes { id ${FRESHNESS} } } }`,
  }),
  () => ({
    query:
      '{ refunds(filter: { needsAttention: true }, first: 5) { nodes { id attention { reason since } } } }',
  }),
];

const keys = ['rf_test_demo', READER, 'rf_test_other'];

/** A list is asked for between a change and the commit of one that began before, and again after it. */
const overtaken = fc.record({ do: fc.constant('be overtaken' as const), key: fc.nat({ max: 1 }) });
const wholeList = shapes.findIndex((shape) => shape('', '').query.includes('first: 50'));

async function beOvertaken(key: number): Promise<void> {
  await play.release();
  await play.take({ do: 'hold', which: 0 });
  await play.take({ do: 'create', fault: '' });
  await askAndCompare({ do: 'ask', shape: wholeList, which: 0, key, others: 0 });
  await play.release();
  await askAndCompare({ do: 'ask', shape: wholeList, which: 0, key, others: 0 });
}

const ask = fc.record({
  do: fc.constant('ask' as const),
  shape: fc.nat({ max: shapes.length - 1 }),
  which: fc.nat(),
  key: fc.nat({ max: 9 }).map((number) => Math.max(0, number - 7)),
  /** How many tags of other requests, viewers and times come with its own. */
  others: fc.nat({ max: 3 }),
});

/** Without what is about freshness, which the headers tell. */
function stored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stored);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (name === 'freshness' ? [] : [[name, stored(each)]])),
  );
}

interface Freshness {
  readonly asOf: string;
  readonly isStale: boolean;
  readonly pollAfterMs: number | null;
}

function freshnessesIn(value: unknown): Freshness[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    name === 'freshness' ? [each as Freshness] : freshnessesIn(each),
  );
}

/** As the headers of a full answer have to be. */
function headersFor(all: readonly Freshness[]): readonly (string | null)[] {
  const open = all.filter(({ pollAfterMs }) => pollAfterMs !== null);
  const counted = open.length > 0 ? open : all;
  const shortest = Math.min(...open.map(({ pollAfterMs }) => pollAfterMs!));
  return [
    counted.map(({ asOf }) => asOf).toSorted()[0]!,
    String(counted.some(({ isStale }) => isStale)),
    open.length > 0 ? String(shortest) : 'null',
  ];
}

const freshnessHeaders = ({ headers }: PollAnswer) =>
  ['x-as-of', 'x-is-stale', 'x-poll-after-ms'].map((name) => headers.get(name));

/** What was answered with 200, by viewer, request and tag. */
const bodies = new Map<string, unknown>();
const lastTag = new Map<string, string>();
const seenTags: string[] = [];
const counts = { polls: 0, notModified: 0, compared: 0, repeated: 0, repeated304: 0 };

async function askAndCompare({
  shape,
  which,
  key,
  others,
}: typeof ask extends fc.Arbitrary<infer V> ? V : never) {
  const { id, payment } = play.refunds[which % play.refunds.length]!;
  const wanted = shapes[shape]!(id, payment);
  const viewer = { key: keys[key]! };
  const place = JSON.stringify([viewer, wanted]);
  const own = lastTag.get(place);
  await play.idle();
  const foreign = Array.from(
    { length: others },
    (_, n) => seenTags[(which + n * 7) % Math.max(seenTags.length, 1)],
  );
  const ofOthers = keys.map((other) => lastTag.get(JSON.stringify([{ key: other }, wanted])));
  const ifNoneMatch =
    [...foreign, ...ofOthers, own].filter((tag) => tag !== undefined).join(', ') || undefined;
  const answer = await poll(play.service, wanted, { ...viewer, ifNoneMatch });
  counts.polls += 1;
  expect([200, 304], answer.text).toContain(answer.status);
  expect(answer.etag, `${wanted.query} ${answer.text}`).not.toBeNull();
  if (answer.status === 200) keep(place, answer);
  else await compare(wanted, viewer, place, answer);
  // At once again: nothing has happened in between, but what the look of before has found.
  const again = await poll(play.service, wanted, { ...viewer, ifNoneMatch: answer.etag! });
  counts.repeated += 1;
  if (again.status === 200) keep(place, again);
  else {
    counts.repeated304 += 1;
    await compare(wanted, viewer, place, again);
  }
}

function keep(place: string, answer: PollAnswer): void {
  bodies.set(`${place} ${answer.etag}`, answer.data);
  lastTag.set(place, answer.etag!);
  seenTags.push(answer.etag!);
}

async function compare(
  wanted: Poll,
  viewer: { key: string },
  place: string,
  answer: PollAnswer,
): Promise<void> {
  counts.notModified += 1;
  const known = bodies.get(`${place} ${answer.etag}`);
  // Whoever gets a 304 has had the answer that it stands for, to this very request.
  expect(known, `a 304 for what was never answered: ${place}`).toBeDefined();
  const full = await poll(play.service, wanted, viewer);
  expect(full.status).toBe(200);
  // The look that was started before the 304 may have found something since: then the tag is another one now.
  if (wanted.query.includes('maxAgeSeconds') && !isDeepStrictEqual(stored(full.data), stored(known))) {
    await play.idle();
    expect((await poll(play.service, wanted, viewer)).etag).not.toBe(answer.etag);
    return;
  }
  counts.compared += 1;
  expect(stored(full.data)).toEqual(stored(known));
  const shown = freshnessesIn(full.data);
  if (shown.length > 0) expect(freshnessHeaders(full)).toEqual(headersFor(shown));
  if (!wanted.query.includes('maxAgeSeconds')) expectSameFreshness(answer, full);
}

/** Of a moment before; what counts down has come as much nearer, and nothing else has happened. */
function expectSameFreshness(before: PollAnswer, after: PollAnswer): void {
  const [was, is] = [freshnessHeaders(before), freshnessHeaders(after)];
  expect(was[0]).toBe(is[0]);
  expect(was[2] === 'null').toBe(is[2] === 'null');
  if (was[1] === is[1]) return;
  // It became stale in between.
  expect([was[1], is[1]]).toEqual(['false', 'true']);
}

test('whatever happens: every 304 stands for what an execution at that moment answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: step },
          { weight: 6, arbitrary: ask },
          { weight: 1, arbitrary: overtaken },
        ),
        {
          minLength: 10,
          maxLength: 40,
        },
      ),
      async (steps) => {
        for (const each of steps) {
          if (each.do === 'ask') await askAndCompare(each);
          else if (each.do === 'be overtaken') await beOvertaken(each.key);
          else await play.take(each);
        }
        await play.release();
      },
    ),
    {
      numRuns: Number(process.env['PROPERTY_RUNS'] ?? 15),
      interruptAfterTimeLimit: 120_000,
      endOnFailure: true,
    },
  );
  if (process.env['PROPERTY_COUNTS']) console.log(JSON.stringify(counts), play.refunds.length);
  expect(await listUnversionedChanges(play.service.database.db)).toEqual([]);
  // It is no proof when hardly anything was answered with 304.
  expect(counts.compared).toBeGreaterThan(counts.polls / 2);
  expect(counts.repeated304 / counts.repeated).toBeGreaterThan(0.6);
}, 300_000);
