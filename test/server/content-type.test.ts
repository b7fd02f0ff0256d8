import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codesOf, KEY, post, readAnswer, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => {
  server.ran.length = 0;
});
afterAll(() => server.server.close(0));

const JSON_BODY = '{"query":"mutation { rename }"}';

describe('the content type of an operation', () => {
  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=mutation+%7B+rename+%7D'],
    ['plain GraphQL', 'application/graphql', 'mutation { rename }'],
    ['JSON by another name', 'application/graphql+json', JSON_BODY],
    ['JSON as plain text', 'text/plain', JSON_BODY],
    ['JSON as a parameter of plain text', 'text/plain; application/json', JSON_BODY],
    ['JSON in a list', 'text/plain, application/json', JSON_BODY],
    ['a list that begins with JSON', 'application/json, text/plain', JSON_BODY],
    ['a longer name', 'application/json-patch', JSON_BODY],
    [
      'a multipart form',
      'multipart/form-data; boundary=b',
      `--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${JSON_BODY}\r\n--b--`,
    ],
  ])('is refused when it is %s: nothing runs', async (_what, contentType, body) => {
    const answer = await post(server.url, body, { 'content-type': contentType });
    expect(answer.status).toBe(415);
    expect(codesOf(answer)).toEqual(['UNSUPPORTED_MEDIA_TYPE']);
    expect(server.ran).toEqual([]);
  });

  it('is refused when there is none', async () => {
    const answer = await readAnswer(
      await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}` },
        body: Buffer.from(JSON_BODY),
      }),
    );
    expect(answer.status).toBe(415);
    expect(server.ran).toEqual([]);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON ;charset=UTF-8'])(
    'is taken when it is %s',
    async (contentType) => {
      const answer = await post(server.url, JSON_BODY, { 'content-type': contentType });
      expect(answer).toMatchObject({ status: 200, data: { rename: 'rename' } });
    },
  );
});
