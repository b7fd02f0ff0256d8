import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectDatabase } from '../../src/db/connect.ts';
import { silentLog } from './silent-log.ts';
import { after, afterBytes, before, inCommitOf, toClient, toServer } from './tcp-cuts.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** Everything that came to one end, and how it ended. */
class End {
  readonly socket: Socket;
  text = '';
  end: string | undefined;
  readonly #closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    socket.on('end', () => (this.end ??= 'end'));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.end = error.code));
  }

  async has(text: string): Promise<void> {
    while (!this.text.includes(text)) await once(this.socket, 'data');
  }

  async gone(): Promise<string | undefined> {
    await this.#closed;
    return this.end;
  }
}

let server: Server;
let accepted: End[];
let proxy: TcpProxy;
beforeEach(async () => {
  accepted = [];
  server = createServer((socket) => {
    const end = new End(socket);
    accepted.push(end);
    socket.on('data', (chunk: Buffer) => socket.write(`>${chunk.toString()}`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.start({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.close();
  server.close();
});

const open = (): End => new End(connect(proxy.port, proxy.host));

async function talking(): Promise<End> {
  const client = open();
  client.socket.write('hello');
  await client.has('>hello');
  return client;
}

describe('the TCP proxy', () => {
  it('passes both directions and the orderly end', async () => {
    const client = await talking();
    expect(proxy.connections).toBe(1);
    client.socket.end();
    expect(await client.gone()).toBe('end');
    expect(await accepted[0]!.gone()).toBe('end');
  });

  it.each([
    ['reset', 'ECONNRESET'],
    ['end', 'end'],
  ] as const)('cuts all connections by %s, and takes new ones', async (how, seen) => {
    const clients = [await talking(), await talking()];
    await proxy.cut(how);
    for (const end of [...clients, ...accepted]) expect(await end.gone()).toBe(seen);
    expect(proxy.connections).toBe(0);
    await talking();
  });

  it('refuses new connections and leaves the living alone, until it passes again', async () => {
    const living = await talking();
    proxy.refuse();
    expect(await open().gone()).toBe('ECONNRESET');
    living.socket.write('still');
    await living.has('>still');
    proxy.pass();
    await talking();
  });

  it('delays each direction by itself', async () => {
    const client = await talking();
    proxy.delay({ toServer: 60, toClient: 60 });
    const started = performance.now();
    client.socket.write('slow');
    await accepted[0]!.has('slow');
    expect(performance.now() - started).toBeGreaterThan(55);
    await client.has('>slow');
    expect(performance.now() - started).toBeGreaterThan(110);
  });

  it('holds everything silently and delivers it afterwards, ends too', async () => {
    const client = await talking();
    proxy.hold();
    const late = open();
    late.socket.write('late');
    client.socket.end('held');
    await once(late.socket, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([client.text, client.end, late.text, late.end]).toEqual(['>hello', undefined, '', undefined]);
    proxy.pass();
    await late.has('>late');
    expect(await client.gone()).toBe('end');
    expect(client.text).toBe('>hello>held');
  });

  it('cuts what it holds', async () => {
    const client = await talking();
    proxy.hold();
    client.socket.write('lost');
    await proxy.cut('reset');
    expect(await client.gone()).toBe('ECONNRESET');
    await accepted[0]!.gone();
    expect(accepted[0]!.text).toBe('hello');
  });

  it.each([
    ['toServer', 'hello123', '>hello'],
    ['toClient', 'hello12345', '>hello123'],
  ] as const)('cuts after so many bytes %s', async (way, atServer, atClient) => {
    const client = await talking();
    const cut = proxy.cutWhen(afterBytes(way, 3), 'end');
    client.socket.write('12345');
    await cut.done;
    await Promise.all([client.gone(), accepted[0]!.gone()]);
    expect(accepted[0]!.text).toBe(atServer);
    // The answer to what reached the server may be lost with the connection, but what came before is there.
    expect(client.text.startsWith(way === 'toServer' ? atClient : '>hello')).toBe(true);
    if (way === 'toClient') expect('>hello>12'.startsWith(client.text)).toBe(true);
  });

  it.each([
    ['before', before(toServer('STOP')), 'hello-and', '>hello>-and'],
    ['after', after(toServer('STOP')), 'hello-andSTOP', '>hello>-and'],
    ['before', before(toServer('and'), toClient('STOP')), 'hello-andSTOPnow', '>hello>-and>'],
    ['after', after(toServer('and'), toClient('STOP')), 'hello-andSTOPnow', '>hello>-and>STOP'],
  ] as const)('cuts %s a pattern passes', async (_side, rule, atServer, atClient) => {
    const client = await talking();
    const cut = proxy.cutWhen(rule, 'end');
    client.socket.write('-and');
    await client.has('-and');
    client.socket.write('STOPnow');
    await cut.done;
    expect(await client.gone()).toBe('end');
    await accepted[0]!.gone();
    expect([accepted[0]!.text, client.text]).toEqual([atServer, atClient]);
  });

  it('knows a pattern that comes in pieces', async () => {
    const client = await talking();
    const cut = proxy.cutWhen(after(toServer('STOP')));
    for (const piece of ['-S', 'T', 'OPnow']) {
      client.socket.write(piece);
      if (piece !== 'OPnow') await accepted[0]!.has(piece);
    }
    await cut.done;
    await Promise.all([client.gone(), accepted[0]!.gone()]);
    expect(accepted[0]!.text).toBe('hello-STOP');
  });

  it('waits for the markers in their order, in one connection, and cuts once', async () => {
    const [one, two] = [await talking(), await talking()];
    const cut = proxy.cutWhen(before(toServer('first'), toServer('second')));
    for (const [end, text] of [
      [one, 'second'],
      [one, 'first'],
      [two, 'second'],
    ] as const) {
      end.socket.write(text);
      await end.has(`>${text}`);
    }
    one.socket.write('second');
    await cut.done;
    expect(await one.gone()).toBe('ECONNRESET');
    two.socket.write('first second');
    await two.has('first second');
  });

  it('forgets a rule that is disarmed', async () => {
    const client = await talking();
    proxy.cutWhen(before(toServer('STOP'))).disarm();
    client.socket.write('STOP');
    await client.has('>STOP');
  });
});

describe('the TCP proxy before PostgreSQL', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('cuts COMMIT %s the server executed it', async (side, rows) => {
    const config = inject('testServer');
    const pg = await TcpProxy.inFrontOf(config);
    const database = connectDatabase({
      config: pg.through(config),
      log: silentLog,
      preparedStatements: false,
    });
    const { pool } = database;
    const table = `cut_${side}`;
    await pool.query(`CREATE TABLE ${table} (id int)`);
    const cut = pg.cutWhen(inCommitOf(`INSERT INTO ${table}`, side));
    const client = await pool.connect();
    for (const statement of ['begin', 'SELECT 1', 'commit', 'begin', `INSERT INTO ${table} VALUES (1)`])
      await client.query(statement);
    await expect(client.query('commit')).rejects.toThrow(/terminated|ECONNRESET/);
    await cut.done;
    client.release(true);
    expect((await pool.query(`SELECT * FROM ${table}`)).rowCount).toBe(rows);
    await pool.query(`DROP TABLE ${table}`);
    await database.close();
    await pg.close();
  });
});
