import { findRefund, listLegs, type Leg } from '../db/legs.ts';
import { readAppNow } from '../db/payments.ts';
import { notFound, providerProblem, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { isUuid, type RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { settledWithin } from './background.ts';
import { claimNextLeg, expireLeasesOf } from './claim.ts';
import type { LookFailures } from './looks/followed-plan.ts';
import { askAboutLegs } from './looks/look-together.ts';
import { recoverLegs } from './recover.ts';
import { sendLeg } from './send-leg.ts';
import type { Caller, World } from './world.ts';

export interface SyncRefundCommand {
  readonly refundId: RefundId;
  readonly waitMs: number;
}

export interface RefundSynced {
  readonly refundId: RefundId;
  /** Why the provider could not be asked; the refund's stored state is the answer then. */
  readonly problems: readonly Problem[];
}

const path = ['input', 'refund'];

/**
 * Asks the provider now, in any status: what waits is sent, what is unclear is looked for and, within its
 * key's life, sent again with the same bytes, and what is final is compared with the truth.
 */
export async function syncRefund(
  world: World,
  caller: Caller,
  command: SyncRefundCommand,
): Promise<Result<RefundSynced>> {
  const { merchantId } = caller.viewer;
  const refund = isUuid(command.refundId)
    ? await findRefund(world.db, merchantId, command.refundId)
    : undefined;
  if (refund === undefined) return refuse(notFound(path, 'The refund'));
  const connection = world.connections.find(refund.account_id);
  if (connection === undefined) return succeed({ refundId: refund.id, problems: [notConfigured] });
  let failures: LookFailures = [];
  const syncing = world.background.run('sync refund', async () => {
    failures = await syncLegs(world, connection, refund.id);
  });
  await settledWithin(syncing, command.waitMs);
  return succeed({
    refundId: refund.id,
    problems: failures.map(({ failure }) => providerProblem(failure, path)),
  });
}

async function syncLegs(world: World, connection: Connection, refundId: RefundId): Promise<LookFailures> {
  const before = await listLegs(world.db, refundId);
  const [first] = before;
  if (first !== undefined) await expireLeasesOf(world, first.merchant_id, first.payment_id);
  const failures: LookFailures[number][] = [];
  for (const leg of await listLegs(world.db, refundId))
    failures.push(...(await syncLeg(world, connection, leg)));
  world.changes.announce(refundId);
  return failures;
}

async function syncLeg(world: World, connection: Connection, leg: Leg): Promise<LookFailures> {
  if (leg.status === 'QUEUED') {
    const claim = await claimNextLeg(world, connection, leg.merchant_id, leg.payment_id, leg.id);
    const outcome = claim && (await sendLeg(world, claim)).outcome;
    const isPutBack = outcome?.kind === 'deferred' || outcome?.kind === 'not-sent';
    return isPutBack ? [{ accountCode: connection.accountCode, failure: outcome.failure }] : [];
  }
  if (leg.status === 'UNKNOWN') return recoverLegs(world, connection, leg.payment_id, [leg.id]);
  // What somebody else asks for from now on serves as well.
  const after = await readAppNow(world.db);
  return (await askAboutLegs(world, connection, [{ legId: leg.id, after }])).failures;
}

const notConfigured: Problem = {
  type: 'ProviderProblem',
  code: 'PROVIDER_UNAVAILABLE',
  message: 'The account of this refund is not configured any more. Ask the operator of this service.',
  path,
  retry: 'ASK_A_HUMAN',
  providerCode: null,
};
