import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionConfig } from '../../src/db/connect.ts';
import { anyOf, type CutRule, type Way } from './tcp-cuts.ts';

/** Where the proxy forwards to: a port, or the path of a Unix socket. */
export type ProxyTarget = { host: string; port: number } | { path: string };

/** How a connection ends: both sides see a reset (RST), or an orderly end (FIN) after what was already forwarded. */
export type CutKind = 'reset' | 'end';

/** A rule of `cutWhen`. `done` resolves once it has cut a connection; it does so once, and never after `disarm`. */
export interface ArmedCut {
  readonly done: Promise<void>;
  disarm(): void;
}

/**
 * A TCP proxy on loopback for tests of bad networks. It passes everything on until it is told otherwise; what it is told
 * holds for living and for new connections, until `pass()` or the opposite is said.
 */
export class TcpProxy {
  readonly host = '127.0.0.1';
  readonly #server: Server;
  readonly #target: ProxyTarget;
  readonly #lines = new Set<Line>();
  #refuses = false;
  #delayMs: Record<Way, number> = { toServer: 0, toClient: 0 };
  #flow: PromiseWithResolvers<void> | undefined;
  readonly #rules = new Map<CutRule, (line: Line) => void>();

  private constructor(target: ProxyTarget) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1. The target need not exist yet: each connection is tried by itself. */
  static async start(target: ProxyTarget): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, proxy.host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** In front of a PostgreSQL server, wherever it listens. */
  static inFrontOf({ host, port }: Pick<ConnectionConfig, 'host' | 'port'>): Promise<TcpProxy> {
    return TcpProxy.start(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections are open now. */
  get connections(): number {
    return this.#lines.size;
  }

  /** The same database by way of this proxy. */
  through(config: ConnectionConfig): ConnectionConfig {
    return { ...config, host: this.host, port: this.port };
  }

  /** The same as a URL. */
  urlThrough({ user, password, database }: ConnectionConfig): string {
    const [name, secret] = [user, password].map(encodeURIComponent);
    return `postgres://${name}:${secret}@${this.host}:${this.port}/${database}`;
  }

  /** Forgets every fault; what was held is delivered. */
  pass(): void {
    this.#refuses = false;
    this.#delayMs = { toServer: 0, toClient: 0 };
    this.#rules.clear();
    this.#flow?.resolve();
    this.#flow = undefined;
  }

  /** New connections are reset at once; living ones stay. The port stays ours, so that nobody else can take it. */
  refuse(): void {
    this.#refuses = true;
  }

  /** Ends all connections now; resolves when they are gone on our side. New ones are accepted. */
  async cut(how: CutKind): Promise<void> {
    const lines = [...this.#lines];
    for (const line of lines) line.cut(how);
    await Promise.all(lines.map((line) => line.gone));
  }

  /** Each piece of a direction takes so many milliseconds longer; their order stays. */
  delay(ms: Partial<Record<Way, number>>): void {
    this.#delayMs = { ...this.#delayMs, ...ms };
  }

  /** A black hole: connections are accepted and stay, nothing goes through. `pass()` delivers what was held, as TCP does. */
  hold(): void {
    this.#flow ??= Promise.withResolvers<void>();
  }

  /** Cuts the first connection that does what the rule waits for. The server still reads what was let through to it. */
  cutWhen(rule: CutRule, how: CutKind = 'reset'): ArmedCut {
    const cut = Promise.withResolvers<void>();
    this.#rules.set(rule, (line) => {
      this.#rules.delete(rule);
      line.cutClient(how);
      cut.resolve();
    });
    return { done: cut.promise, disarm: () => this.#rules.delete(rule) };
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.pass();
    await this.cut('reset');
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#refuses) return void client.resetAndDestroy();
    const line = new Line(client, connect({ ...this.#target, allowHalfOpen: true, noDelay: true }));
    this.#lines.add(line);
    void line.gone.then(() => this.#lines.delete(line));
    void this.#forward(line, 'toServer');
    void this.#forward(line, 'toClient');
  }

  async #forward(line: Line, way: Way): Promise<void> {
    const [from, to] =
      way === 'toServer' ? ([line.client, line.server] as const) : ([line.server, line.client] as const);
    const watch = anyOf(this.#rules, line.progress);
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        while (this.#flow !== undefined) await this.#flow.promise;
        if (this.#delayMs[way] > 0) await sleep(this.#delayMs[way]);
        const hit = watch(way, chunk);
        const passed = hit === undefined ? chunk : chunk.subarray(0, hit.bytes);
        if (passed.length > 0 && !to.write(passed)) await once(to, 'drain');
        if (hit !== undefined) return hit.fire(line);
      }
      while (this.#flow !== undefined) await this.#flow.promise;
      to.end();
    } catch {
      line.fail();
    }
  }
}

/** One accepted connection and the one it was answered with. */
class Line {
  readonly client: Socket;
  readonly server: Socket;
  /** Resolves when both sockets are closed. */
  readonly gone: Promise<unknown>;
  /** How far this connection is in each rule. */
  readonly progress = new WeakMap<CutRule, ReturnType<CutRule>>();
  #isCut = false;

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
    this.gone = Promise.all(
      [client, server].map((socket) => new Promise((end) => socket.once('close', end))),
    );
    for (const socket of [client, server]) socket.on('error', () => this.fail());
  }

  /** One side is gone: so is the other, unless both were told already how to end. */
  fail(): void {
    if (!this.#isCut) this.cut('reset');
  }

  cut(how: CutKind): void {
    this.#isCut = true;
    for (const socket of [this.client, this.server]) end(socket, how);
  }

  cutClient(how: CutKind): void {
    this.#isCut = true;
    end(this.client, how);
    end(this.server, 'end');
  }
}

function end(socket: Socket, how: CutKind): void {
  if (socket.destroyed) return;
  if (how === 'end') return socket.destroySoon();
  // A Unix socket knows no reset, and one that is just saying its end would never close.
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (socket.remoteFamily === undefined || isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
