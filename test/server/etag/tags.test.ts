import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeGlobalId } from '../../../src/ids.ts';
import { createConnections, type Connection } from '../../../src/providers/connections.ts';
import { createValidators } from '../../../src/resolvers/validators.ts';
import { READER } from './play.ts';
import { poll } from './polling.ts';
import { ONE, openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage('tags');
});
afterAll(() => stage.service.close());
beforeEach(() => stage.calm());

describe('a tag', () => {
  test('means nothing to another key, another merchant, another request or another media type', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const { etag } = await poll(stage.service, wanted);
    const ifNoneMatch = etag!;
    const others = await Promise.all([
      poll(stage.service, wanted, { ifNoneMatch, key: 'rf_test_other' }),
      poll(stage.service, wanted, { ifNoneMatch, key: READER }),
      poll(stage.service, { ...wanted, variables: { id, maxAgeSeconds: 86_400 } }, { ifNoneMatch }),
      poll(stage.service, { ...wanted, query: `${ONE} ` }, { ifNoneMatch }),
      poll(stage.service, { ...wanted, operationName: 'One' }, { ifNoneMatch }),
      poll(stage.service, wanted, { ifNoneMatch, accept: 'application/graphql-response+json' }),
    ]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set([etag, ...others.map((other) => other.etag)]).size).toBe(7);
    expect(others[0]!.data).toEqual({ refund: null });
  });

  test("of another merchant's refund is that of one that does not exist", async () => {
    const { id } = await stage.makeRefund();
    const nobody = encodeGlobalId('Refund', '01a20000-0000-7000-8000-000000000000');
    const headersOf = async (of: string) => {
      const { headers, data } = await poll(
        stage.service,
        { query: ONE, variables: { id: of } },
        { key: 'rf_test_other' },
      );
      return [data, headers.get('x-as-of'), headers.get('cache-control')];
    };
    expect(await headersOf(id)).toEqual(await headersOf(nobody));
  });

  test.each([
    ['among others', (tag: string) => `"one", ${tag}, W/"two,three"`, 304],
    ['without the mark of a weak one', (tag: string) => tag.slice(2), 304],
    ['any at all', () => '*', 304],
    ['another one', () => 'W/"AAAAAAAAAAAAAAAAAAAAAA"', 200],
    ['without quotes', (tag: string) => tag.replaceAll('"', ''), 200],
  ])('%s', async (_name, header, status) => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const { etag } = await poll(stage.service, wanted);
    const answer = await poll(stage.service, wanted, { ifNoneMatch: header(etag!) });
    expect([answer.status, answer.etag]).toEqual([status, etag]);
  });

  test('of before a restore matches nothing any more', async () => {
    const { id, paymentId } = await stage.makeRefund();
    const ids = [id, paymentId];
    const asked = ids.map((one) => ({ query: '{ node(id: "ID") { id } }'.replace('ID', one) }));
    const before = await Promise.all(asked.map((wanted) => poll(stage.service, wanted)));
    await sql`SELECT open_feed_epoch(true)`.execute(stage.service.database.db);
    const after = await Promise.all(
      asked.map((wanted, index) => poll(stage.service, wanted, { ifNoneMatch: before[index]!.etag! })),
    );
    expect(after.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('is the same in every process that is configured alike', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const { etag } = await poll(stage.service, wanted);
    const replica = await stage.service.startReplica();
    try {
      expect(await poll(stage.service, wanted, { ifNoneMatch: etag!, at: replica })).toMatchObject({
        status: 304,
      });
    } finally {
      await replica.close();
    }
  });
});

describe('what is shown of accounts', () => {
  test('makes tags other ones when it is configured otherwise', async () => {
    const { world } = stage.service.app;
    const all = world.connections.all();
    const configured = (connections: readonly Connection[]) =>
      createValidators({ ...world, connections: createConnections(connections, []) }).configuration;
    const [first, ...others] = all;
    const arrivalDays = { min: 1, max: 4 };
    const adapter = { ...first!.adapter, hidesRefundId: !first!.adapter.hidesRefundId };
    const different = [
      [{ ...first!, arrivalDays }, ...others],
      [{ ...first!, adapter }, ...others],
      others,
    ].map(configured);
    expect(new Set([configured(all), ...different]).size).toBe(4);
    expect(configured(all.toReversed())).toBe(configured(all));
  });
});

describe('no tag, and nothing to keep, has an answer', () => {
  test.each([
    ['to what depends on time', 'refund(by: { id: $id }) { allowedActions }'],
    ['to what every look moves', 'refund(by: { id: $id }) { legs { nextLookAt } }'],
    ['with a row that has no version', 'refund(by: { id: $id }) { account { health } }'],
    ['with another refund', 'refund(by: { id: $id }) { replaces { id } }'],
    ['with such a field in a fragment', 'refund(by: { id: $id }) { ...late }'],
    ['by another name', 'refund(by: { reference: "unknown" }) { status }'],
    ['beside a field that has none', 'refund(by: { id: $id }) { status } viewer { keyName }'],
    ['to a root in a fragment', '... on Query { refund(by: { id: $id }) { status } }'],
    ['with an error', 'refund(by: { id: $id }) { summary(locale: "ru") }'],
  ])('%s', async (_name, selected) => {
    const { id } = await stage.makeRefund();
    const query = `query ($id: ID!) { ${selected} node(id: $id) { id } }${
      selected.includes('...late') ? ' fragment late on Refund { payment { refundability { state } } }' : ''
    }`;
    const answer = await poll(stage.service, { query, variables: { id } }, { ifNoneMatch: '*' });
    expect([answer.status, answer.etag, answer.headers.get('cache-control')]).toEqual([
      200,
      null,
      'no-store',
    ]);
  });

  test('to whoever asks for more than data', async () => {
    const { id } = await stage.makeRefund();
    const asked = (extensions: object) => poll(stage.service, { query: ONE, variables: { id }, extensions });
    expect((await asked({ plan: true })).etag).toBeNull();
    expect((await asked({})).etag).not.toBeNull();
  });

  test('to POST, which is never 304 but says how fresh it is', async () => {
    const { id } = await stage.makeRefund();
    const { etag } = await poll(stage.service, { query: ONE, variables: { id } });
    const response = await fetch(`${stage.service.app.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer rf_test_demo',
        'content-type': 'application/json',
        accept: 'application/json',
        'if-none-match': `${etag}, *`,
      },
      body: JSON.stringify({ query: ONE, variables: { id } }),
    });
    const { data } = (await response.json()) as { data: { refund: { freshness: Record<string, unknown> } } };
    const { asOf, pollAfterMs } = data.refund.freshness;
    const names = ['etag', 'cache-control', 'x-as-of', 'x-poll-after-ms'];
    expect([response.status, ...names.map((name) => response.headers.get(name))]).toEqual([
      200,
      null,
      'no-store',
      asOf,
      String(pollAfterMs),
    ]);
  });
});
