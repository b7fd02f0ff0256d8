import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readWish } from '../../src/commands/events-wish.ts';
import { DEMO_EVENTS_SECRET } from '../../src/config/demo.ts';
import { retryGapsMs } from '../../src/events/retry-schedule.ts';
import { buildEvent } from '../../src/testing/events.ts';
import { createPlace, freeBlock, runDemo, type Place } from './service.ts';

const root = path.resolve(import.meta.dirname, '../..');
const guide = readFileSync(path.join(root, 'docs/events.md'), 'utf8');
const blocks = [...guide.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text = '']) => ({
  language,
  text,
}));
const blockWith = (language: string, word: string): string =>
  blocks.find((block) => block.language === language && block.text.includes(word))?.text ?? '';

let folder: string;
let place: Place;
const children: ChildProcess[] = [];
beforeEach(async () => {
  place = await createPlace();
  // Programs of the guide find packages as those in the folder of this repository do.
  folder = await mkdtemp(path.join(tmpdir(), 'events-guide-'));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await place.remove();
  await rm(folder, { recursive: true });
});

/** Runs a program of the guide. */
function program(file: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

test('the receiver of the guide verifies the events of a refund in the demo, step by step', async () => {
  const port = String(await freeBlock());
  const steps = guide.slice(guide.indexOf('## Try it in the demo'));
  const SECRET = /^SECRET=(\S+) node receiver\.mjs$/m.exec(steps)?.[1] ?? '';
  expect(SECRET).toBe(DEMO_EVENTS_SECRET);
  const receiverFile = path.join(folder, 'receiver.mjs');
  await writeFile(receiverFile, blockWith('js', 'createServer').replace('9000', port));
  const receiver = program(receiverFile, { SECRET });
  await vi.waitFor(() => expect(receiver.output()).toBe('waiting\n'), 10_000);

  const url = /^DEMO_EVENTS_URL=(\S+) npm start$/m.exec(steps)?.[1]?.replace('9000', port) ?? '';
  const demo = runDemo(place, { DEMO_EVENTS_URL: url });
  const [, key = ''] = /-H '(authorization: [^']+)'/.exec(steps) ?? [];
  const [, body = ''] = /-d '([^']+)'/.exec(steps) ?? [];
  const answer = await fetch(`${await demo.url()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: key.replace('authorization: ', '') },
    body,
  });
  expect(await answer.json()).toMatchObject({
    data: { createRefund: { refund: { status: 'SUCCEEDED' }, errors: [] } },
  });
  await vi.waitFor(
    () =>
      expect(receiver.output()).toMatch(
        /^msg_\S+ refund\.created PENDING\n(msg_.*\n)*msg_\S+ refund\.finalized SUCCEEDED\n$/m,
      ),
    20_000,
  );
});

test('the test of a receiver in the guide is taken by the receiver of the guide', async () => {
  const port = String(await freeBlock());
  const env = { SECRET: DEMO_EVENTS_SECRET };
  const receiverFile = path.join(folder, 'receiver.mjs');
  await writeFile(receiverFile, blockWith('js', 'createServer').replace('9000', port));
  const receiver = program(receiverFile, env);
  await vi.waitFor(() => expect(receiver.output()).toBe('waiting\n'), 10_000);
  // As the package would be installed, from its sources.
  await mkdir(path.join(folder, 'sender'));
  const sender = path.join(folder, 'sender', 'test.mjs');
  const source = blockWith('js', 'buildEvent').replace('9000', port);
  await writeFile(
    sender,
    source.replace('refund-federation/testing', path.join(root, 'src/testing/index.ts')),
  );
  const sent = program(sender, env);
  await once(sent.child, 'close');
  expect(sent.output()).toBe('204\n');
  expect(receiver.output()).toMatch(/^waiting\nmsg_\S+ refund\.finalized FAILED\n$/);
});

test('the example has the fields of an event', () => {
  const example = JSON.parse(blockWith('json', 'refund.finalized')) as { data: { refund: object } };
  const { body } = buildEvent({ type: 'refund.finalized', secret: DEMO_EVENTS_SECRET });
  const built = JSON.parse(body) as typeof example;
  expect(Object.keys(example)).toEqual(Object.keys(built));
  expect(Object.keys(example.data.refund)).toEqual(Object.keys(built.data.refund));
});

test('the commands are ones that the command line understands', () => {
  const lines = [...guide.matchAll(/npm run events -- ([^`\n]+)/g)].map(([, line = '']) => line.split(' '));
  expect(lines.length).toBeGreaterThanOrEqual(8);
  for (const words of lines)
    expect(readWish(words).kind).toBe(
      words[0] === 'resend' && words.includes('--failed-since') ? 'resend-failed' : words[0],
    );
});

test('the times of the retries are those of the code', () => {
  const [seconds, ...others] = retryGapsMs.map((ms) => ms / 1_000);
  const minutes = others.slice(0, 2).map((each) => `${each / 60} minutes`);
  const hours = others.slice(2).map((each) => each / 3_600);
  const text = `${seconds} seconds, ${minutes.join(', ')}, ${hours.slice(0, -1).join(', ')} and ${hours.at(-1)} hours`;
  expect(guide).toContain(`tried again after ${text}`);
});
