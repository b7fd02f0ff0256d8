import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codesOf, post, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.server.close(0));

describe('an error in a resolver', () => {
  it('that is a bug tells the request id and nothing of the inside; the log has it all', async () => {
    const answer = await post(server.url, { query: '{ hello fails }' }, { 'x-request-id': 'caller-1' });
    expect(answer.data).toEqual({ hello: 'world', fails: null });
    expect(answer.errors).toEqual([
      {
        message: 'Something went wrong on our side. Tell us the request id.',
        locations: [{ line: 1, column: 9 }],
        path: ['fails'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'caller-1' },
      },
    ]);
    expect(answer.text).not.toContain('secret-of-the-inside');
    expect(server.logged()).toContain('secret-of-the-inside');
    expect(server.logged()).toContain('test-server.ts');
  });

  it('that graphql makes of a wrong value is a bug, too', async () => {
    const answer = await server.query('{ wrongScalar }');
    expect(codesOf(answer)).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(answer.text).not.toContain('secret-of-the-inside');
  });

  it('of the database advises to send the same again', async () => {
    const answer = await server.query('{ database }');
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'DATABASE_UNAVAILABLE', retry: 'SAME_KEY' });
    expect(answer.text).not.toContain('administrator');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([200, '1']);
  });

  it('of a provider that may answer later says when to ask again', async () => {
    const later = await server.query('{ provider(retry: "SAME_KEY") }');
    expect(later.errors?.[0]?.extensions).toEqual({ code: 'PROVIDER_UNAVAILABLE', retry: 'SAME_KEY' });
    expect(later.headers.get('retry-after')).toBe('5');
    const waiting = await server.query('{ provider(retry: "WAIT") database }');
    expect(waiting.headers.get('retry-after')).toBe('5');
  });

  it.each(['{ provider(retry: "ASK_A_HUMAN") }', '{ denied }', '{ fails }', '{ hello }'])(
    'of another kind, as in %s, says nothing of it',
    async (query) => {
      expect((await server.query(query)).headers.has('retry-after')).toBe(false);
    },
  );

  it('that was made for the caller passes', async () => {
    const answer = await server.query('{ denied }');
    expect(answer.errors?.[0]).toMatchObject({ message: 'No scope.', extensions: { code: 'FORBIDDEN' } });
  });
});

describe('a request that is no operation', () => {
  it.each([
    ['no JSON', '{ "query": "secret', 'BAD_REQUEST'],
    ['a batch', '[{"query":"{ hello }"},{"query":"{ hello }"}]', 'BAD_REQUEST'],
    ['no query', '{}', 'BAD_REQUEST'],
    ['a syntax error', '{"query":"{ hello"}', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{"query":"{ nothing }"}', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an unknown operation',
      '{"query":"query A { hello }","operationName":"B"}',
      'OPERATION_RESOLUTION_FAILURE',
    ],
  ])('is refused with 400: %s', async (_what, body, code) => {
    const answer = await post(server.url, body);
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual([code]);
    expect(answer.text).not.toContain('originalError');
  });

  it.each(['variables', 'extensions'])('is refused with 400 when ?%s= is no JSON', async (name) => {
    const answer = await fetch(`${server.url}/graphql?query={hello}&${name}={broken`, {
      headers: { authorization: 'Bearer rf_test_key_of_the_viewer_0001' },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('BAD_REQUEST');
  });

  it('is refused with 415 for another media type', async () => {
    const answer = await post(server.url, 'query', { 'content-type': 'text/plain' });
    expect(answer.status).toBe(415);
    expect(codesOf(answer)).toEqual(['UNSUPPORTED_MEDIA_TYPE']);
  });

  it('is refused with 406 when nothing that we speak is accepted', async () => {
    const answer = await post(server.url, { query: '{ hello }' }, { accept: 'image/png' });
    expect(answer.status).toBe(406);
    expect(codesOf(answer)).toEqual(['NOT_ACCEPTABLE']);
  });
});
