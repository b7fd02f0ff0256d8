import {
  claimDueDeliveries,
  endDeliveries,
  type DeliveryEnd,
  type DueDelivery,
} from '../../db/webhook-deliveries.ts';
import type { Connection } from '../../providers/connections.ts';
import { leaseMsOf } from '../claim.ts';
import type { World } from '../world.ts';
import { applyEvidence } from '../webhooks/apply-evidence.ts';
import { lookAtSubjects } from '../webhooks/look-at-subjects.ts';
import { backoffMs } from './schedule.ts';
import type { Round, StepOutcome } from './steps.ts';

/** Rows of one claim for each row of a round: most of a burst are about the same few refunds. */
const deliveriesPerRow = 5;

/** What cannot be looked at for a day is left to the ordinary looks, in milliseconds. */
const giveUpMs = 24 * 3_600_000;

/**
 * What a message names and is not seen is looked for so often again, for half a minute, where the message is signed:
 * lists lag behind, and declarations commit later. What anybody may have invented must not wait here, where it takes the
 * place of what is true.
 */
const looksForUnseen = 3;

/** One batch of an account's messages: what they are about is looked at, or what they prove is taken in. */
export async function driveWebhooks(
  world: World,
  connection: Connection,
  round: Round,
): Promise<StepOutcome> {
  const limit = round.batchSize * deliveriesPerRow;
  const leaseMs = leaseMsOf(connection);
  const deliveries = await claimDueDeliveries(world.db, connection.accountId, limit, leaseMs);
  if (deliveries.length === 0) return { isFull: false, legIds: [] };
  const stopsAtMs = world.clock.monotonicMs() + leaseMs / 2;
  const until = { isOver: () => round.isStopping() || world.clock.monotonicMs() >= stopsAtMs };
  // Where nothing can be asked a message is the evidence; everywhere else it is a reason to look.
  const proofs = deliveries.filter(({ evidence }) => evidence !== null);
  const hints = deliveries.filter(({ evidence }) => evidence === null);
  const applied = await applyEvidence(world, connection, proofs, until);
  const { verdicts, legIds } = await lookAtSubjects(world, connection, hints, until);
  const looksAgain = connection.adapter.webhooks?.verifiedBy === 'SIGNATURE' ? looksForUnseen : 0;
  const ended = deliveries.map((delivery) => ({
    delivery,
    end: endOf(
      delivery,
      (delivery.evidence === null ? verdicts : applied.verdicts).get(delivery.id),
      looksAgain,
    ),
  }));
  const givenUp = await endDeliveries(world.db, ended, giveUpMs);
  if (givenUp.length > 0)
    world.log.warn(
      { account: connection.accountCode, messages: givenUp.length },
      'what webhooks named could not be looked at for a day; the ordinary looks go on',
    );
  return { isFull: deliveries.length === limit, legIds };
}

function endOf(
  { lookFailures }: DueDelivery,
  verdict: Awaited<ReturnType<typeof lookAtSubjects>>['verdicts'] extends ReadonlyMap<unknown, infer V>
    ? V | undefined
    : never,
  looksAgain: number,
): DeliveryEnd {
  const failures = lookFailures + 1;
  const later: DeliveryEnd = {
    status: 'PENDING',
    nextLookInMs: backoffMs(failures),
    lookFailures: failures,
  };
  switch (verdict?.kind) {
    case 'looked':
      return { status: 'DONE' };
    case 'nothing':
      return { status: 'IGNORED' };
    case 'unseen':
      return lookFailures < looksAgain ? later : { status: 'IGNORED' };
    case 'failed':
      return later;
    case 'wait':
      return { status: 'PENDING', nextLookInMs: verdict.forMs, lookFailures };
    default:
      return { status: 'PENDING', nextLookInMs: 0, lookFailures };
  }
}
