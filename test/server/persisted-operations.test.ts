import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MerchantId } from '../../src/ids.ts';
import {
  codesOf,
  get,
  KEY,
  post,
  startServer,
  viewer,
  type GraphqlAnswer,
  type TestServer,
} from './test-server.ts';

const OTHER_KEY = 'rf_test_key_of_another_merchant';
const other = {
  ...viewer,
  merchantId: '018f0000-0000-7000-8000-000000000009' as MerchantId,
  merchantCode: 'other',
};
const authenticate = (header: string | undefined) =>
  header === `Bearer ${KEY}` ? viewer : header === `Bearer ${OTHER_KEY}` ? other : undefined;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const apollo = (text: string, hash = sha256(text)) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
});

const HELLO = '{ hello }';
const MD5 = 'a3f1c9d1d1c4e5b6a7980f1e2d3c4b5a';
const DOUBLE = 'query Double($of: Int!) { double(of: $of) }';
const RENAME = 'mutation { rename }';
const documents = new Map([
  [sha256(HELLO), HELLO],
  [MD5, DOUBLE],
  [sha256(RENAME), RENAME],
]);

const open: TestServer[] = [];
const start = async (overrides: Parameters<typeof startServer>[0] = {}): Promise<TestServer> => {
  const started = await startServer({ authenticate, ...overrides });
  open.push(started);
  return started;
};
let server: TestServer;
beforeEach(async () => {
  server = await start();
});
const closeAll = async () => {
  await Promise.all(open.splice(0).map(({ server: each }) => each.close(0)));
};
afterEach(closeAll);
afterAll(closeAll);

const told = (answer: GraphqlAnswer) => [answer.status, codesOf(answer)];
const JSON_ONLY = { accept: 'application/json' };

describe('an operation that was registered at start', () => {
  beforeEach(async () => {
    server = await start({ persisted: { documents, only: false } });
  });

  it.each([
    ['documentId with the prefix', { documentId: `sha256:${sha256(HELLO)}` }],
    ['documentId without it', { documentId: sha256(HELLO) }],
    ["Apollo's extension", apollo(HELLO)],
    ['both, of one document', { documentId: `sha256:${sha256(HELLO)}`, ...apollo(HELLO) }],
    ['with its text', { query: HELLO, ...apollo(HELLO) }],
  ])('is executed by %s', async (_what, body) => {
    expect(await post(server.url, body)).toMatchObject({ status: 200, data: { hello: 'world' } });
  });

  it('is executed by GET, with variables', async () => {
    const variables = '{"of": 4}';
    expect((await get(server.url, { documentId: MD5, variables })).data).toEqual({ double: 8 });
    const extensions = JSON.stringify(apollo('', MD5).extensions);
    expect((await get(server.url, { extensions, variables })).data).toEqual({ double: 8 });
  });

  it('is not executed by GET when it is a mutation', async () => {
    expect((await get(server.url, { documentId: sha256(RENAME) })).status).toBe(405);
    expect(server.ran).toEqual([]);
    expect((await post(server.url, { documentId: sha256(RENAME) })).data).toEqual({ rename: 'rename' });
  });

  it('is known to every merchant', async () => {
    const answer = await post(server.url, apollo(HELLO), { authorization: `Bearer ${OTHER_KEY}` });
    expect(answer.data).toEqual({ hello: 'world' });
  });

  it('is no other text under its identifier', async () => {
    const answer = await post(server.url, { query: '{ fails }', documentId: MD5 });
    expect(told(answer)).toEqual([400, ['BAD_REQUEST']]);
  });

  it('does not keep others from being sent', async () => {
    expect((await post(server.url, { query: '{ whoAmI }' })).data).toEqual({ whoAmI: 'acme' });
  });
});

describe('where only registered operations are executed', () => {
  beforeEach(async () => {
    server = await start({ persisted: { documents, only: true } });
  });

  it('they are, named or as they were registered', async () => {
    for (const body of [{ documentId: `sha256:${sha256(HELLO)}` }, apollo(HELLO), { query: HELLO }])
      expect((await post(server.url, body)).data).toEqual({ hello: 'world' });
  });

  it.each([
    ['another text', { query: '{ whoAmI }' }],
    ['the same with another space', { query: `${HELLO} ` }],
    ['another text with its hash', { query: '{ whoAmI }', ...apollo('{ whoAmI }') }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
  ])('nothing else is: %s', async (_what, body) => {
    for (const headers of [{}, JSON_ONLY])
      expect(told(await post(server.url, body, headers))).toEqual([403, ['QUERY_NOT_IN_SAFELIST']]);
  });

  it('an unknown identifier is no reason to send the text', async () => {
    for (const headers of [{}, JSON_ONLY])
      expect(told(await post(server.url, apollo('{ whoAmI }'), headers))).toEqual([
        404,
        ['PERSISTED_QUERY_NOT_IN_LIST'],
      ]);
  });
});

describe('an operation that registers itself', () => {
  it('is asked for once, as Apollo clients expect it, and named from then on', async () => {
    const first = await post(server.url, apollo(HELLO), JSON_ONLY);
    expect(first.status).toBe(200);
    expect(first.errors).toEqual([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ]);
    expect((await post(server.url, { query: HELLO, ...apollo(HELLO) })).data).toEqual({ hello: 'world' });
    expect((await post(server.url, apollo(HELLO), JSON_ONLY)).data).toEqual({ hello: 'world' });
    expect((await get(server.url, { documentId: `sha256:${sha256(HELLO)}` })).data).toEqual({
      hello: 'world',
    });
  });

  it('has the status 404 until then for who accepts the present media type', async () => {
    expect(told(await post(server.url, apollo(HELLO)))).toEqual([404, ['PERSISTED_QUERY_NOT_FOUND']]);
    expect(told(await get(server.url, { documentId: sha256(HELLO) }))).toEqual([
      404,
      ['PERSISTED_QUERY_NOT_FOUND'],
    ]);
  });

  it('is known to the merchant alone who sent it', async () => {
    await post(server.url, { query: HELLO, ...apollo(HELLO) });
    const answer = await post(server.url, apollo(HELLO), { authorization: `Bearer ${OTHER_KEY}` });
    expect(codesOf(answer)).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  });

  it('is asked for again by a process that does not know it', async () => {
    await post(server.url, { query: HELLO, ...apollo(HELLO) });
    const replica = await start();
    expect(codesOf(await post(replica.url, apollo(HELLO)))).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    expect((await post(replica.url, { query: HELLO, ...apollo(HELLO) })).data).toEqual({ hello: 'world' });
  });

  it.each([
    [
      'a hash that is not that of the text',
      { query: HELLO, ...apollo('{ whoAmI }') },
      'provided sha does not match query',
    ],
    [
      'a hash in capitals',
      { query: HELLO, ...apollo(HELLO, sha256(HELLO).toUpperCase()) },
      'provided sha does not match query',
    ],
    ['another hash method', { query: HELLO, documentId: MD5 }, 'provided sha does not match query'],
    [
      'another version',
      { extensions: { persistedQuery: { version: 2, sha256Hash: sha256(HELLO) } } },
      'Unsupported persisted query version',
    ],
    ['no version', { extensions: { persistedQuery: 'x' } }, 'Unsupported persisted query version'],
    [
      'no hash',
      { query: HELLO, extensions: { persistedQuery: { version: 1 } } },
      'extensions.persistedQuery.sha256Hash must be a string.',
    ],
    [
      'two documents',
      { documentId: MD5, ...apollo(HELLO) },
      'documentId and extensions.persistedQuery name two documents.',
    ],
  ])('is refused with %s, and not kept', async (_what, body, message) => {
    for (const headers of [{}, JSON_ONLY]) {
      const answer = await post(server.url, body, headers);
      expect(told(answer)).toEqual([400, ['BAD_REQUEST']]);
      expect(answer.errors?.[0]?.message).toBe(message);
    }
    expect(codesOf(await post(server.url, apollo(HELLO)))).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    expect(codesOf(await post(server.url, apollo('{ whoAmI }')))).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  });
});
