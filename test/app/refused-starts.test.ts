import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverPid } from '../support/service-process.ts';
import {
  createPlace,
  environmentOf,
  isAnswering,
  run,
  runDemo,
  type Place,
  type Service,
} from './service.ts';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

async function refused(service: Service): Promise<string> {
  expect(await service.exit).toBe(1);
  expect(service.stderr()).not.toMatch(/^ {4}at /m);
  return service.stderr();
}

async function accountsFile(): Promise<string> {
  const file = path.join(path.dirname(place.dataDir), 'accounts.json');
  const sha256 = createHash('sha256').update('rf_live_test').digest('hex');
  const account = {
    code: 'acme-shop',
    provider: 'yookassa',
    displayName: 'Acme',
    baseUrl: 'http://127.0.0.1:9/v3',
    credentials: { shopId: '1', secretKey: 'canary-of-the-file' },
  };
  const keys = [{ name: 'backend', sha256, scopes: ['read'] }];
  await writeFile(
    file,
    JSON.stringify({ merchants: [{ code: 'acme', name: 'Acme', keys, accounts: [account] }] }),
  );
  return file;
}

describe('a start is refused', () => {
  it('with everything that is wrong with the environment at once', async () => {
    const service = run(['serve'], {
      PORT: '99999',
      HOST: 'not a host',
      LOG_LEVEL: 'loud',
      DEMO: '1',
      DATABASE_URL: 'postgres://user:canary-password@db.test/x',
      NODE_ENV: 'production',
    });
    const said = await refused(service);
    for (const name of ['PORT', 'HOST', 'LOG_LEVEL', 'DATABASE_URL', 'NODE_ENV'])
      expect(said).toContain(`${name}:`);
    expect(said + service.stdout()).not.toContain('canary');
  });

  it('without DEMO and without accounts', async () => {
    expect(await refused(run(['serve'], environmentOf(place)))).toContain('ACCOUNTS_FILE');
  });

  it('without DEMO on the data of a demo', async () => {
    const demo = runDemo(place);
    await demo.url();
    demo.child.kill('SIGTERM');
    expect(await demo.exit).toBe(0);

    const service = run(['serve'], { ...environmentOf(place), ACCOUNTS_FILE: await accountsFile() });
    expect(await refused(service)).toContain('belongs to a demo');
    expect(await serverPid(place.dataDir)).toBeUndefined();
  });

  it('with DEMO on data that no demo has made', async () => {
    const env = { ...environmentOf(place), ACCOUNTS_FILE: await accountsFile(), PORT: '0' };
    const service = run(['serve'], env);
    await service.url();
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(service.stdout()).not.toContain('canary');

    expect(await refused(runDemo(place))).toContain('may hold real refunds');
    expect(await isAnswering(`${place.sandboxUrl}/control/credentials`)).toBe(false);
    expect(await serverPid(place.dataDir)).toBeUndefined();
  });

  it('when the database of DATABASE_URL does not answer; its password is not repeated', async () => {
    const env = { ACCOUNTS_FILE: await accountsFile(), DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/x' };
    const service = run(['serve'], env);
    const said = await refused(service);
    expect(said).toContain('The database cannot be used: connect ECONNREFUSED');
    expect(said + service.stdout()).not.toContain('canary');
  });

  it('on a port that is in use; nothing is left running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await refused(runDemo(place, { PORT: port }))).toContain(`The port ${port} is in use`);
    other.close();
    expect(await isAnswering(`${place.sandboxUrl}/control/credentials`)).toBe(false);
    expect(await serverPid(place.dataDir)).toBeUndefined();
  });

  it('when something else than a sandbox answers at the port of the sandbox', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
    other.listen(place.sandboxPort, '127.0.0.1');
    await once(other, 'listening');
    expect(await refused(runDemo(place))).toContain('The sandbox does not start');
    other.close();
    expect(await serverPid(place.dataDir)).toBeUndefined();
  });
});

describe('the command line', () => {
  it('tells its commands when it does not know one', async () => {
    const service = run(['sreve']);
    expect(await service.exit).toBe(2);
    expect(service.stderr()).toContain('Unknown command "sreve"');
    expect(service.stderr()).toContain('migrate');
  });

  it('prints the schema without a database or a configuration', async () => {
    const service = run(['schema'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(await service.exit).toBe(0);
    expect(service.stdout()).toContain('type Mutation {');
  });

  it('makes a key whose hash is what the accounts file wants', async () => {
    const service = run(['key', '--merchant', 'acme', '--name', 'backend', '--scopes', 'read,write']);
    expect(await service.exit).toBe(0);
    const key = /rf_live_\w+/.exec(service.stdout())?.[0] ?? '';
    expect(service.stdout()).toContain(createHash('sha256').update(key).digest('hex'));
  });

  it('names everything that is wrong with the arguments of "key"', async () => {
    const said = await refused(run(['key', '--merchant', 'A', '--scopes', 'admin']));
    for (const argument of ['--merchant', '--name', '--scopes']) expect(said).toContain(`${argument}:`);
  });

  it('migrates alone, without accounts, and again without a change', async () => {
    const first = run(['migrate'], environmentOf(place));
    expect(await first.exit).toBe(0);
    expect(first.stdout()).toContain('0001-first-refund');
    const second = run(['migrate'], environmentOf(place));
    expect(await second.exit).toBe(0);
    expect(second.stdout()).toContain('"migrations":[]');
    expect(await serverPid(place.dataDir)).toBeUndefined();
  });
});
