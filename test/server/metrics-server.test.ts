import pino from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { listenForMetrics, type MetricsServer } from '../../src/server/metrics-server.ts';
import type { MetricsPage } from '../../src/server/metrics.ts';

const log = pino({ level: 'silent' });

async function started(page: MetricsPage): Promise<MetricsServer & { url: string }> {
  const server = await listenForMetrics(page, { host: '127.0.0.1', port: 0, log });
  onTestFinished(() => server.close().catch(() => undefined));
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

const page: MetricsPage = {
  answer: () => Promise.resolve({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'x 1\n' }),
};

it('answers /metrics and nothing else', async () => {
  const { url } = await started(page);
  expect(await (await fetch(`${url}/metrics?x=1`)).text()).toBe('x 1\n');
  const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const post = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  for (const path of ['/', '/graphql', '/metrics/'])
    expect((await fetch(url + path, { method: 'POST', body: '{}' })).status).toBe(404);
});

it('says no more than that it failed', async () => {
  const { url } = await started({ answer: () => Promise.reject(new Error('password of the inside')) });
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('inside');
});

it('ends although somebody is connected', async () => {
  const server = await started(page);
  const { url } = server;
  const held = await fetch(`${url}/metrics`);
  await server.close();
  await expect(fetch(`${url}/metrics`)).rejects.toThrow();
  await held.text();
});

it('does not start where the port is taken', async () => {
  const { port } = await started(page);
  await expect(listenForMetrics(page, { host: '127.0.0.1', port, log })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
