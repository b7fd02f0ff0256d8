import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codesOf, KEY, post, readAnswer, startServer, type TestServer } from './test-server.ts';

let server: TestServer;
let demo: TestServer;
beforeAll(async () => {
  server = await startServer();
  demo = await startServer({ graphiql: { apiKey: 'rf_demo_key', firstQuery: '{ hello }' } });
});
afterAll(() => Promise.all([server.server.close(0), demo.server.close(0)]));

const asBrowser = (url: string) => fetch(`${url}/graphql`, { headers: { accept: 'text/html,*/*' } });

describe('authentication', () => {
  it.each([
    ['no key', undefined],
    ['an unknown key', 'Bearer rf_live_unknown'],
    ['another scheme', `Basic ${KEY}`],
    ['a key without its scheme', KEY],
    ['an empty key', 'Bearer '],
  ])('refuses %s with 401, the same for each', async (_what, authorization) => {
    const answer = await readAnswer(
      await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body: JSON.stringify({ query: 'mutation { rename }' }),
      }),
    );
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="refunds"');
    expect(JSON.parse(answer.text)).toEqual({
      errors: [
        {
          message: 'Send an API key of yours: "Authorization: Bearer KEY".',
          extensions: { code: 'UNAUTHENTICATED' },
        },
      ],
    });
    expect(server.ran).toEqual([]);
  });

  it('hands the owner of a known key to the resolvers', async () => {
    expect((await server.query('{ whoAmI }')).data).toEqual({ whoAmI: 'acme' });
  });

  it('comes before anything that a document could do', async () => {
    const answer = await post(server.url, 'no json', { authorization: 'Bearer other' });
    expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
  });

  it('never writes a key into the log', async () => {
    await post(server.url, { query: '{ hello }' });
    await post(server.url, { query: '{ hello }' }, { authorization: 'Bearer rf_live_canary' });
    expect(server.logged()).not.toContain(KEY);
    expect(server.logged()).not.toContain('canary');
  });
});

describe('GraphiQL', () => {
  it('is there in demo mode without a key, with the key of the demo filled in', async () => {
    const answer = await asBrowser(demo.url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toContain('Bearer rf_demo_key');
  });

  it('lets no operation through without a key', async () => {
    const answer = await fetch(`${demo.url}/graphql?query={hello}`, {
      headers: { accept: 'application/json' },
    });
    expect(answer.status).toBe(401);
  });

  it('is not there outside of demo mode', async () => {
    expect((await asBrowser(server.url)).status).toBe(401);
  });
});
