import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from './test-server.ts';

const applied: number[] = [];
let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    setClockOffset: async (seconds) => {
      applied.push(seconds);
    },
  });
});
beforeEach(() => {
  applied.length = 0;
});
afterAll(() => server.server.close(0));

const move = (body: string, contentType = 'application/json') =>
  fetch(`${server.url}/demo/clock`, { method: 'POST', headers: { 'content-type': contentType }, body });

describe('POST /demo/clock', () => {
  it('sets the distance to real time', async () => {
    const answer = await move('{"offsetSeconds":86400}');
    expect([answer.status, await answer.json()]).toEqual([200, { offsetSeconds: 86_400 }]);
    expect(applied).toEqual([86_400]);
  });

  it.each(['', '{', '{}', '{"offsetSeconds":"1"}', '{"offsetSeconds":1e12}', '{"offsetSeconds":1,"x":1}'])(
    'refuses %s',
    async (body) => {
      expect((await move(body)).status).toBe(400);
      expect(applied).toEqual([]);
    },
  );

  it('cannot be sent by a web page without asking first', async () => {
    expect((await move('{"offsetSeconds":1}', 'text/plain')).status).toBe(415);
    expect(applied).toEqual([]);
  });
});
