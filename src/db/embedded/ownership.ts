import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { EmbeddedPostgresError } from './errors.ts';

/** An arbitrary constant; the lock lives in the maintenance database, where nothing else takes locks. */
const OWNER_LOCK = '7226101902026';
const POLL_MS = 50;
/** After kill -9 of an owner the server needs a moment to notice that its session is gone. */
const DEAD_OWNER_MS = 1_000;
/** Its backend needs a moment to end after a session was closed, longer on a busy machine. */
const CLOSED_SESSION_MS = 2_000;

/**
 * Takes the ownership of the server for as long as this session lives, which ends with the process, however it dies.
 * Throws `IN_USE`, naming the owner, when another service holds it.
 */
export async function takeOwnership(session: Client, dataDir: string): Promise<void> {
  await session.query('SELECT set_config($1, $2, false)', ['application_name', ownName()]);
  const deadline = performance.now() + DEAD_OWNER_MS;
  while (!(await tryLock(session))) {
    if (performance.now() > deadline) throw inUse(dataDir, await ownerName(session));
    await delay(POLL_MS);
  }
}

/**
 * Whether nobody owns the server and nobody else is connected: then who started it may stop it. A session that
 * was closed a moment ago is still listed until its backend has ended, so a look is repeated for a while.
 */
export async function isAbandoned(session: Client): Promise<boolean> {
  if (!(await tryLock(session))) return false;
  const deadline = performance.now() + CLOSED_SESSION_MS;
  for (;;) {
    const others = await session.query(
      `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1`,
    );
    if (others.rowCount === 0) return true;
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
}

async function tryLock(session: Client): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
    OWNER_LOCK,
  ]);
  return rows[0]?.locked === true;
}

async function ownerName(session: Client): Promise<string> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ($1::bigint >> 32)::oid
        AND l.objid = ($1::bigint & 4294967295)::oid AND l.objsubid = 1`,
    [OWNER_LOCK],
  );
  return rows[0]?.name ?? 'another process';
}

/** Shown in pg_stat_activity and in the refusal of a second service; PostgreSQL cuts it at 63 bytes. */
function ownName(): string {
  return `pid ${process.pid} on ${hostname()}`;
}

function inUse(dataDir: string, owner: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'IN_USE',
    `Another service (${owner}) uses the database in ${dataDir}. Stop that one, ` +
      'give this one its own DATA_DIR, or set DATABASE_URL to run several on one PostgreSQL server.',
  );
}
