import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { findViolations } from '../support/invariants.ts';
import { takeSnapshot, type Snapshot } from '../support/snapshot.ts';
import { visible, type Books } from './check.ts';
import type { Person } from './person.ts';
import { providerNames, tellers, traits } from './providers.ts';
import type { Stage } from './stage.ts';

/** How long it took until nothing was open any more. */
export interface Settled {
  readonly isSettled: boolean;
  readonly realMs: number;
  /** By how much the time of database and provider was moved forward meanwhile. */
  readonly movedSeconds: number;
  /** What was still open at the end, when it did not settle. */
  readonly open: readonly string[];
}

/** Ends all faults, lets the provider finish what is pending there, and waits until every process answers. */
export async function endFaults(stage: Stage): Promise<void> {
  for (const proxy of Object.values(stage.proxies)) proxy.pass();
  const everything = [stage.sandbox, ...Object.values(stage.services)];
  await waitUntil(
    async () => (await Promise.all(everything.map((each) => each.ready()))).every(Boolean),
    60_000,
  );
  await stage.control('faults', undefined, 'DELETE');
  for (const provider of providerNames) {
    await stage.control('mode', { provider, ...traits[provider].modes[0] });
    await stage.control('settle', { provider, all: true, status: 'succeeded' });
  }
  // What is told is no help from here on: everything has to be found out without.
  for (const provider of tellers) await stage.control('webhooks', { provider, mode: 'off' });
}

async function waitUntil(isSo: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('the processes do not answer again');
    await sleep(100);
  }
}

/** As long as a fault holds a request back at most: before, time is not moved, or what is under way would be too late. */
const ARRIVES_WITHIN_MS = 6_000;

export interface Patience {
  readonly realMs: number;
  /** Whether time is moved to the next look when nothing is due; else real time is waited for. */
  readonly movesTime: boolean;
}

/**
 * Waits until the service has found everything out by itself: no leg is open but what waits for a person, no
 * operation is unclear, and the provider's money is ours. Nobody calls the API meanwhile but that person.
 */
export async function settle(
  stage: Stage,
  person: Person,
  { realMs, movesTime }: Patience,
): Promise<Settled> {
  const startedAt = performance.now();
  let movedSeconds = 0;
  for (;;) {
    const round = await person.decide();
    const unclear = await unclearRows(stage);
    const missing = unclear.length === 0 ? await differences(stage) : [];
    const open = [...unclear, ...missing, ...round.left];
    if (missing.length > 0) await person.askForPayments();
    const passedMs = performance.now() - startedAt;
    const isEarly = movesTime && round.againInSeconds !== null;
    const isSettled = open.length === 0 && !isEarly && round.taken === 0;
    if (isSettled || passedMs > realMs) return { isSettled, realMs: passedMs, movedSeconds, open };
    const ahead = [
      ...(unclear.length + missing.length > 0 ? [await secondsToNextLook(stage)] : []),
      ...(round.againInSeconds === null ? [] : [round.againInSeconds]),
    ];
    const aheadSeconds = Math.min(...(ahead.length === 0 ? [0] : ahead));
    const canMove = movesTime && passedMs > ARRIVES_WITHIN_MS && round.taken === 0;
    if (canMove && aheadSeconds > 0) {
      await stage.advance(aheadSeconds);
      movedSeconds += aheadSeconds;
    }
    await sleep(100);
  }
}

export const readLedger = async (stage: Stage): Promise<Books[]> =>
  (await stage.control<{ payments: Books[] }>('ledger')).payments;

async function unclearRows(stage: Stage): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    SELECT concat_ws(' ', 'leg', leg.id, leg.status, 'since', leg.updated_at, 'next look', leg.next_look_at,
        'now', (SELECT app_now()), 'failures', leg.look_failures, 'attempt', attempt.attempt, 'sends', attempt.sends,
        'first sent', attempt.first_sent_at, 'last outcome', attempt.outcome, attempt.evidence,
        'last look', attempt.looks -> -1) AS what
      FROM refund_legs AS leg LEFT JOIN leg_attempts AS attempt
        ON attempt.leg_id = leg.id AND attempt.attempt = leg.attempt
      WHERE status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN')
    UNION ALL
    SELECT concat_ws(' ', 'operation', id, status, 'next look', next_look_at, 'failures', look_failures)
      FROM payment_operations WHERE status IN ('SENDING', 'UNKNOWN')`.execute(stage.db);
  return rows.map(({ what }) => what);
}

/** Of one instant: the services go on writing. */
export const readSnapshot = (stage: Stage): Promise<Snapshot> =>
  stage.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((tx) => takeSnapshot(tx));

/** I2, as long as it does not hold. */
async function differences(stage: Stage): Promise<string[]> {
  const found = findViolations(await readSnapshot(stage), visible(await readLedger(stage)), {
    quiet: true,
  });
  return found.filter(({ invariant }) => invariant === 'I2').map(({ what }) => what);
}

/**
 * Until the next look at what is open, and those within ten minutes of it, so that a day of looks is few steps; where nothing is, until the next one at what is not explained, or sweep. 0 while
 * something of that is due or being looked at now.
 */
async function secondsToNextLook(stage: Stage): Promise<number> {
  const { rows } = await sql<{ seconds: number | null }>`
    WITH looks AS (
      SELECT 1 AS rank, greatest(next_look_at, lease_until, look_lease_until) AS at FROM refund_legs AS leg
        WHERE status IN ('SENDING', 'PENDING', 'UNKNOWN')
          -- What waits behind another leg of its payment waits for that one's look, minute after minute.
          OR status = 'QUEUED' AND NOT EXISTS (SELECT FROM refund_legs AS other
            WHERE other.payment_id = leg.payment_id AND other.status IN ('SENDING', 'PENDING', 'UNKNOWN'))
      UNION ALL SELECT 1, greatest(next_look_at, lease_until, look_lease_until) FROM payment_operations
        WHERE status IN ('SENDING', 'UNKNOWN')
      UNION ALL SELECT 2, greatest(next_look_at, look_lease_until) FROM payments WHERE next_look_at IS NOT NULL
      UNION ALL SELECT 2, greatest(next_sweep_at, sweep_lease_until) FROM accounts
    ), first AS (SELECT rank, min(at) AS at FROM looks GROUP BY rank ORDER BY rank LIMIT 1)
    SELECT CASE WHEN first.at <= (SELECT app_now()) THEN 0
        ELSE ceil(extract(epoch FROM max(looks.at) - (SELECT app_now())))::int END AS seconds
      FROM first JOIN looks ON looks.rank = first.rank AND looks.at <= first.at + interval '10 minutes'
      GROUP BY first.at`.execute(stage.db);
  return Math.max(0, rows[0]?.seconds ?? 0);
}
