import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pino from 'pino';
import type { Connection } from '../../../src/providers/connections.ts';
import type { Look, RefundFacts } from '../../../src/providers/provider.ts';
import type { WireRequest } from '../../../src/providers/http.ts';
import { createBackground, type Background } from '../../../src/refunds/background.ts';
import type { World } from '../../../src/refunds/world.ts';
import type { TestWorld } from '../../support/world.ts';

/** Where in a send a process stops: with nothing sent yet, or with an answer that it never writes down. */
export type StopPoint = 'before the call' | 'after the call';

/** A process that stands still in the middle of a send. */
export interface Stopped {
  /** Resolves as soon as it stands still. */
  readonly reached: Promise<void>;
  /** The provider's key of what it was about to send, from then on. */
  key(): string | undefined;
  readonly point: StopPoint;
  /** It goes on from there, however late. */
  wake(): void;
}

/** One process of the service: its own memory and sockets, on the database and the provider that all share. */
export interface Replica {
  readonly world: World;
  /** Error-level log lines that are no alerts: nothing of that kind is ever expected. */
  readonly errors: readonly string[];
  /** Resolves when nothing is running in the background any more; never, while it stands still. */
  idle(): Promise<void>;
  /** The next send of this process, of a refund or of a void, stops at the point. */
  stopAtNextSend(point: StopPoint): Stopped;
  /** Resolves when nothing of it goes on but the send that stands still. */
  standsStill(): Promise<void>;
  /** No send came: it runs on. */
  keepGoing(): void;
}

/** Longer than any answer that the sandbox gives at once, and short enough to wait for one that never comes. */
const sendDeadlineMs = 1_500;

interface Stop {
  readonly point: StopPoint;
  readonly here: (request: WireRequest) => Promise<void>;
}

/** @param isAnonymous the providers do not tell with which reference a refund was made */
export async function createReplica(t: TestWorld, isAnonymous: boolean): Promise<Replica> {
  const errors: string[] = [];
  const log = pino(
    { level: 'error' },
    {
      write(line: string) {
        if ((JSON.parse(line) as { alert?: string }).alert === undefined) errors.push(line);
      },
    },
  );
  const base = await t.replica({ log, sendDeadlineMs });
  const tracked = trackable(createBackground(log));
  let stop: Stop | undefined;
  let calls = 0;
  const counted =
    <Arguments extends unknown[], T>(call: (...of: Arguments) => Promise<T>) =>
    async (...of: Arguments): Promise<T> => {
      calls += 1;
      try {
        return await call(...of);
      } finally {
        calls -= 1;
      }
    };
  const shown = (facts: RefundFacts): RefundFacts => (isAnonymous ? { ...facts, ourReference: null } : facts);
  const stopping = (connection: Connection | undefined): Connection | undefined => {
    if (connection === undefined) return undefined;
    const { adapter } = connection;
    const around = async <T>(request: WireRequest, send: () => Promise<T>): Promise<T> => {
      const mine = stop;
      stop = undefined;
      if (mine?.point === 'before the call') await mine.here(request);
      const outcome = await send();
      if (mine?.point === 'after the call') await mine.here(request);
      return outcome;
    };
    return {
      ...connection,
      adapter: {
        ...adapter,
        readPayment: counted(async (...call) =>
          found(await adapter.readPayment(...call), (sight) => ({
            ...sight,
            refunds: sight.refunds.map(shown),
          })),
        ),
        readRefund: counted(async (...call) => found(await adapter.readRefund(...call), shown)),
        listRefunds: counted(async (...call) =>
          found(await adapter.listRefunds(...call), (page) => ({
            ...page,
            refunds: page.refunds.map(shown),
          })),
        ),
        sendRefund: counted((...call) => around(call[1], () => adapter.sendRefund(...call))),
        sendVoid: counted((...call) => around(call[1], () => adapter.sendVoid(...call))),
      },
    };
  };
  const world: World = {
    ...base,
    background: tracked.background,
    connections: {
      adapters: () => base.connections.adapters(),
      all: () => base.connections.all().map((connection) => stopping(connection)!),
      find: (id) => stopping(base.connections.find(id)),
      findByCode: (merchantId, code) => stopping(base.connections.findByCode(merchantId, code)),
    },
  };
  return {
    world,
    errors,
    idle: () => tracked.idle(),
    stopAtNextSend(point) {
      const reached = Promise.withResolvers<void>();
      const woken = Promise.withResolvers<void>();
      let key: string | undefined;
      stop = {
        point,
        here: ({ headers }) => {
          key = /[0-9a-f]{40}/.exec(JSON.stringify(headers))?.[0];
          reached.resolve();
          return woken.promise;
        },
      };
      return { reached: reached.promise, key: () => key, point, wake: () => woken.resolve() };
    },
    async standsStill() {
      // Between two calls of the provider it works on the database: three looks in a row have to find neither.
      for (let quiet = 0; quiet < 3; quiet += 1) {
        await sleep(5);
        if (calls > 1 || (await isDatabaseBusy(t))) quiet = -1;
      }
    },
    keepGoing() {
      stop = undefined;
    },
  };
}

const found = <T>(look: Look<T>, as: (value: T) => T): Look<T> =>
  look.kind === 'found' ? { kind: 'found', value: as(look.value) } : look;

async function isDatabaseBusy(t: TestWorld): Promise<boolean> {
  const { rows } = await sql<{ busy: boolean }>`
    SELECT EXISTS (SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle') AS busy`.execute(
    t.database.db,
  );
  return rows[0]!.busy;
}

function trackable(inner: Background): { background: Background; idle(): Promise<void> } {
  const running = new Set<Promise<void>>();
  return {
    background: {
      get draining() {
        return inner.draining;
      },
      drain: (graceMs) => inner.drain(graceMs),
      run(name, task) {
        const done = inner.run(name, task).finally(() => running.delete(done));
        running.add(done);
        return done;
      },
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
