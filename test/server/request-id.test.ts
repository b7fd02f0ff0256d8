import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUuid } from '../../src/ids.ts';
import { post, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.server.close(0));

const idOf = async (given?: string): Promise<string | null> => {
  const answer = await post(
    server.url,
    { query: '{ hello }' },
    given === undefined ? {} : { 'x-request-id': given },
  );
  return answer.headers.get('x-request-id');
};

describe('the request id', () => {
  it('of the caller is kept', async () => {
    expect(await idOf('caller-1')).toBe('caller-1');
    expect(await idOf('x'.repeat(128))).toBe('x'.repeat(128));
  });

  it.each([
    ['too short', 'short-7'],
    ['too long', 'x'.repeat(129)],
    ['with a space', 'caller id 1'],
    ['with other characters', 'caller-\u00e9\u00e9\u00e9'],
  ])('of the caller is replaced when it is %s', async (_what, given) => {
    const id = await idOf(given);
    expect(id).not.toBe(given);
    expect(isUuid(id ?? '')).toBe(true);
  });

  it('is made when there is none, another one each time', async () => {
    expect(await idOf()).not.toBe(await idOf());
  });

  it.each(['/live', '/nothing-here', '/graphql'])('stands on every answer: GET %s', async (path) => {
    const answer = await fetch(server.url + path, { headers: { 'x-request-id': 'caller-2' } });
    expect(answer.headers.get('x-request-id')).toBe('caller-2');
  });

  it('stands on every line of the log that the request causes', async () => {
    await post(server.url, { query: '{ fails }' }, { 'x-request-id': 'caller-of-a-bug' });
    const lines = server
      .logged()
      .split('\n')
      .filter((line) => line.includes('caller-of-a-bug'));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'unexpected error',
      'request',
    ]);
  });
});
