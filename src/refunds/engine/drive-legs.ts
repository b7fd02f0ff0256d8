import { claimDueLegs, listLookedAtLegs, releaseLegs, type DueLeg } from '../../db/due.ts';
import { failpoint } from '../../failpoints.ts';
import type { Connection } from '../../providers/connections.ts';
import { maySendFor } from '../account-health.ts';
import { lookBudgetMs } from '../looks/call-budget.ts';
import { leaseMsOf } from '../claim.ts';
import { lookAtLegs } from '../looks/look.ts';
import { recoverLegs } from '../recover.ts';
import type { World } from '../world.ts';
import { createBatch, type Batch } from './batch.ts';
import { inParallel } from '../in-parallel.ts';
import { scheduleOf } from './schedule.ts';
import { sendQueued } from './send-queued.ts';
import type { Round, StepOutcome } from './steps.ts';

/**
 * One batch of an account's legs whose time has come: what waits is sent, what was lost is recovered by the
 * provider's plan, and the provider is asked about the rest. Afterwards every leg has its next time.
 */
export async function driveLegs(world: World, connection: Connection, round: Round): Promise<StepOutcome> {
  const leaseMs = leaseMsOf(connection);
  const legs = await claimDueLegs(world.db, connection.accountId, round.batchSize, leaseMs);
  if (legs.length === 0) return { isFull: false, legIds: [] };
  failpoint('engine.after-claim');
  const batch = createBatch(world, round, leaseMs);
  const kinds = Map.groupBy(legs, ({ status }) => {
    if (status === 'QUEUED') return 'waiting';
    return status === 'SENDING' || status === 'UNKNOWN' ? 'lost' : 'known';
  });
  // Each kind is given back when it is done: who polls what was looked at need not wait for what is being sent.
  const work = async (some: readonly DueLeg[] = [], task: (some: readonly DueLeg[]) => Promise<void>) => {
    if (some.length === 0) return;
    await guarded(batch, some, task);
    failpoint('engine.before-release');
    await release(world, connection, batch, some);
  };
  await Promise.all([
    work(kinds.get('waiting'), (waiting) => sendQueued(world, connection, batch, waiting)),
    work(kinds.get('lost'), (lost) => recoverAll(world, connection, batch, lost)),
    work(kinds.get('known'), (known) => lookAtKnown(world, connection, batch, known)),
  ]);
  return { isFull: legs.length === round.batchSize, legIds: legs.map((leg) => leg.id) };
}

async function guarded(
  batch: Batch,
  legs: readonly DueLeg[],
  work: (legs: readonly DueLeg[]) => Promise<void>,
): Promise<void> {
  try {
    await work(legs);
  } catch (error) {
    batch.fail(legs, error);
  }
}

/** Lost answers, payment by payment: the legs of one share its reads. */
function recoverAll(
  world: World,
  connection: Connection,
  batch: Batch,
  lost: readonly DueLeg[],
): Promise<void> {
  return inParallel(
    [...Map.groupBy(lost, (leg) => leg.paymentId)],
    connection.maxInFlight,
    async ([paymentId, legs]) => {
      if (batch.isOver()) return;
      const ids = legs.map((leg) => leg.id);
      const failures = await recoverLegs(world, connection, paymentId, ids);
      for (const id of ids) batch.note(id, failures.length > 0 ? 'failed' : 'done');
    },
    ([, legs], error) => batch.fail(legs, error),
  );
}

/** All in one plan of looks. What was answered has its time; what was not is told by its having none. */
async function lookAtKnown(
  world: World,
  connection: Connection,
  batch: Batch,
  known: readonly DueLeg[],
): Promise<void> {
  if (batch.isOver()) return;
  const ids = known.map((leg) => leg.id);
  const { failures, putOff } = await lookAtLegs(world, connection.merchantId, ids, {
    withinMs: lookBudgetMs,
  });
  const result = failures.length > 0 ? 'failed' : 'done';
  for (const id of ids) batch.note(id, putOff.includes(id) ? 'left' : result);
}

async function release(
  world: World,
  connection: Connection,
  batch: Batch,
  legs: readonly DueLeg[],
): Promise<void> {
  const isPaused = !maySendFor(world, connection);
  const tokens = new Map(legs.map((leg) => [leg.id, leg.claimedUntil]));
  const now = await listLookedAtLegs(
    world.db,
    legs.map((leg) => leg.id),
  );
  await releaseLegs(
    world.db,
    now.map((leg) => ({
      id: leg.id,
      claimedUntil: tokens.get(leg.id)!,
      status: leg.status,
      ...scheduleOf(connection.adapter, leg, batch.resultOf(leg.id), isPaused),
    })),
  );
}
