import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codesOf, get, KEY, post, readAnswer, startServer, type TestServer } from './test-server.ts';

/** As given, headers too: `fetch` sets `Sec-Fetch-Mode` itself. */
const send = async (url: string, method: 'GET' | 'POST', headers: Record<string, string>, body?: object) => {
  const request = httpRequest(url, { method, headers });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const given = await text(answer);
  return { status: answer.statusCode, type: answer.headers['content-type'], text: given };
};

let server: TestServer;
let demo: TestServer;
beforeAll(async () => {
  server = await startServer();
  demo = await startServer({ graphiql: { apiKey: KEY, firstQuery: '{ hello }' } });
});
beforeEach(() => {
  server.ran.length = 0;
});
afterAll(() => Promise.all([server.server.close(0), demo.server.close(0)]));

const AUTHORIZATION = { authorization: `Bearer ${KEY}` };
const MUTATION = { query: 'mutation { rename }' };

/** What browsers add to requests that a page of another site makes (Fetch Metadata Request Headers). */
const BY_ITSELF = [
  ['a form', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
  ['a frame', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ['an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ['a neighbour', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }],
  ['a site without a mode', { 'sec-fetch-site': 'cross-site' }],
] as const;

describe('a request that a browser sends by itself for another site', () => {
  it.each(BY_ITSELF)('is refused, even with a key: %s', async (_what, headers) => {
    const url = `${server.url}/graphql`;
    const json = { ...AUTHORIZATION, 'content-type': 'application/json' };
    for (const answer of [
      await send(url, 'POST', { ...json, ...headers }, MUTATION),
      await send(`${url}?query={hello}`, 'GET', { ...AUTHORIZATION, ...headers }),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('CROSS_SITE_REQUEST');
    }
    expect(server.ran).toEqual([]);
  });

  it('gets no preflight granted, nor any answer that a script of it could read', async () => {
    const preflight = await fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'cors',
      },
    });
    expect(preflight.ok).toBe(false);
    const answer = await post(server.url, MUTATION, { origin: 'https://evil.example' });
    for (const { headers } of [preflight, answer])
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('what a browser adds by itself is no key', () => {
  it.each([
    ['a cookie', { cookie: `authorization=Bearer ${KEY}; session=${KEY}; key=${KEY}` }],
    ['the password of a dialog', { authorization: `Basic ${btoa(`Bearer:${KEY}`)}` }],
    ['nothing', {}],
  ])('%s', async (_what, headers) => {
    const url = `${server.url}/graphql`;
    const byGet = await fetch(`${url}?query={hello}`, { headers });
    const byPost = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(MUTATION),
    });
    for (const answer of [await readAnswer(byGet), await readAnswer(byPost)])
      expect([answer.status, codesOf(answer)]).toEqual([401, ['UNAUTHENTICATED']]);
    expect(server.ran).toEqual([]);
  });
});

describe('a program is answered', () => {
  it.each([
    ['without any of the headers', {}],
    ['a script of the same origin', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'same-origin' }],
    ['a script that fetches', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
    ['an extension', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'no-cors' }],
  ])('%s', async (_what, headers) => {
    const url = `${server.url}/graphql`;
    const json = { ...AUTHORIZATION, 'content-type': 'application/json' };
    const byPost = await send(url, 'POST', { ...json, ...headers }, { query: '{ hello }' });
    const byGet = await send(`${url}?query={hello}`, 'GET', { ...AUTHORIZATION, ...headers });
    for (const answer of [byPost, byGet]) expect(answer.text).toBe('{"data":{"hello":"world"}}');
  });

  it('by the fetch of Node, which says that it is one', async () => {
    expect((await post(server.url, { query: '{ hello }' })).data).toEqual({ hello: 'world' });
    expect((await get(server.url, { query: '{ hello }' })).data).toEqual({ hello: 'world' });
  });
});

describe('the page of GraphiQL in the demo', () => {
  const open = (url: string, headers: Record<string, string>) =>
    send(`${url}/graphql`, 'GET', { accept: 'text/html', ...headers });
  const LINK = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  it.each([
    ['from a link of another site', LINK],
    ['from the address bar', { ...LINK, 'sec-fetch-site': 'none' }],
    ['without any of the headers', {}],
  ])('opens %s', async (_what, headers) => {
    const page = await open(demo.url, headers);
    expect([page.status, page.type]).toEqual([200, 'text/html']);
  });

  it('does not open in a frame of another site', async () => {
    const framed = await open(demo.url, { ...LINK, 'sec-fetch-dest': 'iframe' });
    expect(framed.status).toBe(403);
  });

  it('is not there outside the demo', async () => {
    expect((await open(server.url, { ...AUTHORIZATION, ...LINK })).status).toBe(403);
    expect((await open(server.url, {})).status).toBe(401);
  });
});
