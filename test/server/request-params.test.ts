import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLearnedDocuments } from '../../src/server/learned-documents.ts';
import { readRequestParams, type ReadParams } from '../../src/server/request-params.ts';
import { codesOf, get, KEY, post, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => {
  server.ran.length = 0;
});
afterAll(() => server.server.close(0));

const persisted = { registered: new Map<string, string>(), only: false, learned: createLearnedDocuments() };
const read = (method: string, url: string, body?: string): ReadParams =>
  readRequestParams(
    { incoming: { method, url }, body: body === undefined ? undefined : Buffer.from(body), holder: 'acme' },
    persisted,
  );

describe('the parameters of a request', () => {
  const given = {
    query: 'query Named($of: Int!) { double(of: $of) }',
    operationName: 'Named',
    variables: { of: 21 },
    extensions: { note: { deep: ['ü', null] } },
  };

  it('are the same by GET and by POST', () => {
    const search = new URLSearchParams({
      query: given.query,
      operationName: given.operationName,
      variables: JSON.stringify(given.variables),
      extensions: JSON.stringify(given.extensions),
    });
    const expected = { kind: 'params', params: given };
    expect(read('GET', `/graphql?${search}`)).toEqual(expected);
    expect(read('POST', '/graphql', JSON.stringify(given))).toEqual(expected);
  });

  it('by POST are those of the body; those of the URL do not count', () => {
    expect(read('POST', '/graphql?query=%7Bother%7D', '{"query":"{ hello }"}')).toEqual({
      kind: 'params',
      params: { query: '{ hello }' },
    });
  });

  it('of a query string may be empty, and others there are not ours', () => {
    expect(read('GET', '/graphql?query={hello}&operationName=&variables=&extensions=&utm_source=x')).toEqual({
      kind: 'params',
      params: { query: '{hello}' },
    });
  });

  it('may be null in a body', () => {
    const body = { query: '{hello}', operationName: null, variables: null, extensions: null, id: null };
    expect(read('POST', '/graphql', JSON.stringify(body))).toEqual({
      kind: 'params',
      params: { query: '{hello}' },
    });
  });

  it.each([
    ['no JSON', '{"query": "secret', 'POST body sent invalid JSON.'],
    ['nothing', '', 'POST body sent invalid JSON.'],
    ['a batch', '[{"query":"{hello}"}]', 'Batching is not supported.'],
    ['null', 'null', 'POST body is expected to be object but received null'],
    ['a number', '5', 'POST body is expected to be object but received number'],
    ['another parameter', '{"query":"{hello}","id":"1"}', 'Unexpected parameter "id" in the request body.'],
    ['a query that is none', '{"query":{}}', 'The parameter "query" must be a string.'],
    [
      'a name that is none',
      '{"query":"{a}","operationName":1}',
      'The parameter "operationName" must be a string.',
    ],
    ['variables in a list', '{"query":"{a}","variables":[]}', 'The parameter "variables" must be an object.'],
    [
      'extensions as text',
      '{"query":"{a}","extensions":"x"}',
      'The parameter "extensions" must be an object.',
    ],
    ['an identifier that is none', '{"documentId":7}', 'The parameter "documentId" must be a string.'],
    ['no query', '{}', 'Must provide query string.'],
  ])('of a body are refused with 400: %s', async (_what, body, message) => {
    const answer = await post(server.url, body);
    expect([answer.status, codesOf(answer)]).toEqual([400, ['BAD_REQUEST']]);
    expect(answer.errors?.[0]?.message).toBe(message);
    expect(answer.text).not.toContain('secret');
  });

  it('never make the service fail, whatever they are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.string(), (body, search) => {
        for (const result of [read('POST', '/graphql', body), read('GET', `/graphql?${search}`)])
          if (result.kind === 'params') expect(typeof result.params.query).toBe('string');
          else expect(result.error.extensions['http']).toMatchObject({ status: expect.any(Number) });
      }),
      { numRuns: 300 },
    );
  });
});

describe('an operation by GET', () => {
  it('is executed, with variables', async () => {
    const answer = await get(server.url, {
      query: 'query ($of: Int!) { double(of: $of) }',
      variables: '{"of": 21}',
    });
    expect(answer).toMatchObject({ status: 200, data: { double: 42 } });
  });

  it('is a query: a mutation is answered 405 with what is allowed, and nothing runs', async () => {
    const answer = await get(server.url, { query: 'mutation { rename }' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(server.ran).toEqual([]);
  });

  it('is a query, also where its document has a mutation of another name', async () => {
    const query = 'query A { hello } mutation B { rename }';
    expect((await get(server.url, { query, operationName: 'A' })).data).toEqual({ hello: 'world' });
    expect((await get(server.url, { query, operationName: 'B' })).status).toBe(405);
    expect(server.ran).toEqual([]);
  });

  it('fits into 8 000 characters of URL; a longer one is told what to do', async () => {
    const padded = (length: number): string => {
      const start = '/graphql?query={hello}&padding=';
      return server.url + start + 'x'.repeat(length - start.length);
    };
    const headers = { authorization: `Bearer ${KEY}` };
    expect((await fetch(padded(8_000), { headers })).status).toBe(200);
    const refused = await fetch(padded(8_001), { headers });
    expect(refused.status).toBe(414);
    expect(await refused.json()).toEqual({
      errors: [
        {
          message: 'The URL has more than 8000 characters. Send the operation by POST, or a persisted one.',
          extensions: { code: 'URI_TOO_LONG' },
        },
      ],
    });
  });

  it('is answered to HEAD without its body', async () => {
    const ask = async (query: string) => {
      const answer = await fetch(`${server.url}/graphql?${new URLSearchParams({ query }).toString()}`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${KEY}` },
      });
      return [answer.status, await answer.text()];
    };
    expect(await ask('{ hello }')).toEqual([200, '']);
    expect(await ask('mutation { rename(to: "a") }')).toEqual([405, '']);
    expect(server.ran).toEqual([]);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('is not one by %s: 405', async (method) => {
    const answer = await fetch(`${server.url}/graphql?query={hello}`, {
      method,
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });
});
