import { realpath, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { DatabaseLog } from '../log.ts';
import {
  connectionOf,
  ensureRunning,
  type RunningServer,
  type ServerConnection,
  type ServerRequest,
} from './ensure-running.ts';
import { isSocket } from './endpoint.ts';
import { EmbeddedPostgresError, reasonOf } from './errors.ts';
import { clusterOf, type RunAs } from './home.ts';
import { keepOwnership, type Ownership } from './keep-ownership.ts';
import { isAbandoned, takeOwnership } from './ownership.ts';
import { findLiveServer } from './postmaster-file.ts';
import { stopPostmaster } from './postmaster.ts';
import { prepareDataDir, withStartLock } from './start-lock.ts';

/** How long a start or stop waits for another one on the same data directory. */
const START_LOCK_MS = 60_000;

/**
 * `dataDir` is created if needed. `own`: this process is the service, the only one on this directory. `attach`: a worker or
 * a migration, beside a service or alone. `durable: false` trades crash safety for speed (tests).
 */
export interface EmbeddedPostgresOptions {
  dataDir: string;
  log: DatabaseLog;
  mode: 'own' | 'attach';
  durable?: boolean;
  /** Which of root's two ways to use for a new cluster; default: a user namespace if allowed. Ignored for other users. */
  runAs?: RunAs;
  /** Called once when another service took the server over while this one was cut off: this one must end. */
  onOwnershipLost?: (error: EmbeddedPostgresError) => void;
}

/** A server that answers. `place` says in words where it keeps its data and as whom it runs. */
export interface EmbeddedPostgres {
  connection: ServerConnection;
  owned: boolean;
  place: string;
  /**
   * To be called last, after everything that uses the database. An owner stops the server; who attached stops it only if
   * it started it, no service owns it and nobody else is connected. Repeated calls share one stop.
   */
  stop(): Promise<void>;
}

/**
 * Makes sure that the PostgreSQL server of a data directory runs, and owns or shares it.
 *
 * The server outlives this process if that dies: the next start finds it running without an owner and takes it over. A
 * second owner is refused with `IN_USE`. An owner that loses its server starts it again. Throws `EmbeddedPostgresError`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const asked = path.resolve(options.dataDir);
  await prepareDataDir(asked, process.geteuid?.() === 0);
  const dataDir = await realpath(asked);
  const request: ServerRequest = {
    dataDir,
    durable: options.durable ?? true,
    runAs: options.runAs,
    log: options.log,
  };
  const server = await withStartLock(dataDir, START_LOCK_MS, async () => {
    const running = await ensureRunning(request);
    try {
      if (options.mode === 'own') await takeOwnership(running.session, dataDir);
      else await running.session.end();
      return running;
    } catch (error) {
      await running.session.end();
      throw error;
    }
  });
  const place = describe(server);
  const found = server.started
    ? 'started'
    : options.mode === 'own'
      ? 'taken over from a service that died'
      : 'attached';
  options.log.info({ place, pid: server.pid, dataDir }, `embedded PostgreSQL ${found}`);
  const ownership =
    options.mode === 'own' ? keepOwnership(server, request, options.onOwnershipLost) : undefined;
  let stopping: Promise<void> | undefined;
  return {
    connection: connectionOf(server),
    owned: ownership !== undefined,
    place,
    stop: () =>
      (stopping ??= ownership === undefined ? leave(server, request) : shutDown(ownership, request)),
  };
}

function describe(server: RunningServer): string {
  const { host, port } = server.endpoint;
  const way = isSocket(server.endpoint) ? `socket in ${host}` : `${host}:${port}`;
  return `${clusterOf(server.home)}, ${server.home.user.description}, ${way}`;
}

async function shutDown(ownership: Ownership, request: ServerRequest): Promise<void> {
  const owned = await ownership.release();
  if (owned === undefined) return;
  await withStartLock(request.dataDir, START_LOCK_MS, () => stopServer(owned, request));
  await owned.session.end();
}

async function leave(server: RunningServer, request: ServerRequest): Promise<void> {
  if (!server.started) return;
  await withStartLock(request.dataDir, START_LOCK_MS, async () => {
    const live = await findLiveServer(clusterOf(server.home));
    if (live?.pid !== server.pid) return;
    const now = await ensureRunning(request);
    if (await isAbandoned(now.session)) await stopServer(now, request);
    await now.session.end();
  });
}

async function stopServer(server: RunningServer, request: ServerRequest): Promise<void> {
  const { pid, home, endpoint } = server;
  if (!(await stopPostmaster(pid, clusterOf(home)))) {
    request.log.error(
      { pid, dataDir: request.dataDir },
      'embedded PostgreSQL does not stop; the next start will take it over',
    );
    return;
  }
  if (isSocket(endpoint)) {
    await rmdir(endpoint.host).catch((error: unknown) => {
      request.log.warn({ directory: endpoint.host, reason: reasonOf(error) }, 'socket directory not removed');
    });
  }
  request.log.info({ dataDir: request.dataDir }, 'embedded PostgreSQL stopped');
}
