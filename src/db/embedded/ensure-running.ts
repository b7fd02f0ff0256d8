import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { DatabaseLog } from '../log.ts';
import { findBinaries } from './binaries.ts';
import { chooseEndpoint, readPassword, type Endpoint } from './endpoint.ts';
import { EmbeddedPostgresError, reasonOf } from './errors.ts';
import { clusterOf, locateHome, type RunAs, type ServerHome } from './home.ts';
import { initCluster, SERVER_USER } from './init-cluster.ts';
import { findLiveServer, isServedUnseen, removeStaleFiles } from './postmaster-file.ts';
import { spawnPostmaster, type StartedPostmaster } from './postmaster.ts';

const POLL_MS = 20;
/** Recovery after a crash replays the log before it answers; it may take its time. */
const READY_MS = 120_000;
/** How long the sessions of a server that was killed may hold its shared memory. */
const SHARED_MEMORY_MS = 5_000;
const DATABASE = 'refund_federation';

/** What is needed to find, make and start the server of one data directory. */
export interface ServerRequest {
  dataDir: string;
  durable: boolean;
  runAs: RunAs | undefined;
  log: DatabaseLog;
  /** Where the server has to listen again, because a pool already connects there. */
  endpoint?: Endpoint;
}

/** A server that answers, with an open session on its maintenance database. */
export interface RunningServer {
  pid: number;
  endpoint: Endpoint;
  password: string;
  home: ServerHome;
  session: Client;
  /** False if it was already running. */
  started: boolean;
}

/** How to reach the service's database on a running server. */
export interface ServerConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** Where the service's tables are; `database` may name another database of the same server. */
export function connectionOf(server: RunningServer, database = DATABASE): ServerConnection {
  return { ...server.endpoint, user: SERVER_USER, password: server.password, database };
}

/**
 * Finds the running server of the data directory, or makes and starts one, and waits until it answers.
 * Call it under the start lock. Throws `INIT_FAILED` or `START_FAILED` with the server's own words.
 */
export async function ensureRunning(request: ServerRequest): Promise<RunningServer> {
  const home = await locateHome(request.dataDir, await findBinaries(), request.runAs);
  await initCluster(request.dataDir, home, request.durable);
  const password = await readPassword(request.dataDir);
  const deadline = performance.now() + READY_MS;
  const sharedMemoryDeadline = performance.now() + SHARED_MEMORY_MS;
  let started: StartedPostmaster | undefined;
  let problem: unknown;
  while (performance.now() < deadline) {
    const lastWords = await started?.ended();
    if (lastWords !== undefined) {
      started = undefined;
      if (!isPassing(lastWords) || performance.now() > sharedMemoryDeadline) {
        throw startFailed(request, `${lastWords}${await diskHint(request.dataDir)}`);
      }
    }
    const live = started ?? (await findLiveServer(clusterOf(home)));
    if (live === undefined) {
      if (await isServedUnseen(clusterOf(home))) throw servedUnseen(request);
      const endpoint = request.endpoint ?? (await chooseEndpoint(home));
      await removeStaleFiles(clusterOf(home), endpoint);
      started = await spawnPostmaster({ ...request, home, endpoint });
      continue;
    }
    try {
      const session = await openSession(live.endpoint, password);
      await createDatabase(session);
      const { pid, endpoint } = live;
      return { pid, endpoint, password, home, session, started: started !== undefined };
    } catch (error) {
      if (isRefusal(error)) throw startFailed(request, reasonOf(error), error);
      problem = error;
    }
    await delay(POLL_MS);
  }
  throw startFailed(
    request,
    `it does not answer after ${READY_MS / 1000} s and keeps trying: ${reasonOf(problem)}`,
  );
}

async function openSession(endpoint: Endpoint, password: string): Promise<Client> {
  const session = new Client({ ...endpoint, user: SERVER_USER, password, database: 'postgres', ssl: false });
  // A session that breaks later is reported by its `end` event; without a listener, `error` would end the process.
  session.on('error', () => undefined);
  await session.connect();
  return session;
}

async function createDatabase(session: Client): Promise<void> {
  const found = await session.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
  if (found.rowCount === 0) await session.query(`CREATE DATABASE ${DATABASE}`);
}

/** Address or shared memory still held by a server that is just going away. */
function isPassing(lastWords: string): boolean {
  return /still in use|Address already in use/i.test(lastWords);
}

/** Wrong password or user (SQLSTATE class 28): waiting does not help. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('28');
}

/** A server on a full disk cannot even say so in its log. */
async function diskHint(dataDir: string): Promise<string> {
  const { bavail, bsize } = await statfs(dataDir);
  return bavail * bsize < 1_048_576 ? '; no space is left on its disk' : '';
}

function servedUnseen(request: ServerRequest): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'IN_USE',
    `A server outside of this container uses the database in ${request.dataDir}. Stop that one, ` +
      'give this one its own DATA_DIR, or set DATABASE_URL to run several on one PostgreSQL server.',
  );
}

function startFailed(request: ServerRequest, reason: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'START_FAILED',
    `The embedded PostgreSQL in ${request.dataDir} does not start: ${reason}. Its log is ${request.dataDir}/postgres.log.`,
    { cause },
  );
}
