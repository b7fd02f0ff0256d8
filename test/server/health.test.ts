import { afterEach, describe, expect, it } from 'vitest';
import { codesOf, readAnswer, startServer, type TestServer } from './test-server.ts';

const open: TestServer[] = [];
async function started(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args);
  open.push(server);
  return server;
}
afterEach(async () => {
  for (const server of open.splice(0)) await server.server.close(0);
});

const ready = async (server: TestServer) => {
  const answer = await fetch(`${server.url}/ready`);
  return [answer.status, await answer.json()];
};

describe('/live and /ready', () => {
  it('need no key', async () => {
    const server = await started();
    const live = await fetch(`${server.url}/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'live' }]);
    expect(await ready(server)).toEqual([200, { status: 'ready' }]);
  });

  it('says no more than that the database does not answer', async () => {
    const server = await started({ askDatabase: () => Promise.reject(new Error('password of the inside')) });
    expect(await ready(server)).toEqual([503, { status: 'unavailable' }]);
    expect((await fetch(`${server.url}/live`)).status).toBe(200);
  });

  it('does not wait for a database that hangs', async () => {
    const server = await started({ askDatabase: () => new Promise(() => undefined) });
    expect(await ready(server)).toEqual([503, { status: 'unavailable' }]);
  });

  it('asks the database once for many who ask at once', async () => {
    let asked = 0;
    const server = await started({ askDatabase: () => Promise.resolve((asked += 1)) });
    await Promise.all(Array.from({ length: 50 }, () => ready(server)));
    expect(asked).toBeLessThan(10);
  });

  it('refuse other methods', async () => {
    const server = await started();
    const answer = await fetch(`${server.url}/live`, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('an unknown path', () => {
  it.each(['/', '/graphql/', '/graphqlx', '/health', '/%2e%2e/etc/passwd', '/demo/clock'])(
    '%s is 404 in JSON',
    async (path) => {
      const server = await started();
      const answer = await readAnswer(await fetch(server.url + path));
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(codesOf(answer)).toEqual(['NOT_FOUND']);
    },
  );
});
