import { isDeepStrictEqual } from 'node:util';
import { inTransaction } from '../../db/in-transaction.ts';
import { listLegs, noteVanished, putOffToEngine, touchLegs } from '../../db/legs.ts';
import { noteLooked } from '../../db/look-leases.ts';
import { listLookTargets, type LookTarget } from '../../db/look-targets.ts';
import { lockPaymentForUpdate, readAppNow } from '../../db/payments.ts';
import type { Failure } from '../../errors.ts';
import { toCurrency } from '../../money.ts';
import type { LegId, MerchantId, PaymentId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import type { AccountAccess, RefundFacts } from '../../providers/provider.ts';
import { shownRefundId } from '../../providers/shown-refund-id.ts';
import { noteAccountHealth } from '../account-health.ts';
import { timeAnswers, type AnswerTimes } from './answer-times.ts';
import { applyFacts, factContext } from '../apply-facts.ts';
import { canBeAsked } from '../declared-facts.ts';
import { bindProviderRefund, keepOfEarlierAttempt } from '../bind.ts';
import { expireLeasesOf } from '../claim.ts';
import { inParallel } from '../in-parallel.ts';
import { nextLookMs } from './next-look.ts';
import { settleOvercommitment } from '../overcommitment.ts';
import { listLines, settleItems } from '../settle-items.ts';
import { fewestCalls, type FollowedPlan, type LegsLookedAt, type MadeCall } from './followed-plan.ts';
import type { LookCalls } from './plan-calls.ts';
import { lookAtRefunds } from './plan-looks.ts';
import { canLookFor } from '../recovery-step.ts';
import { callsWithin, type LookBudget } from './call-budget.ts';
import { countRequests } from './count-requests.ts';
import { seeAsCall } from './see-as-call.ts';
import { handOverSilent } from '../silent-provider.ts';
import type { World } from '../world.ts';

/**
 * Asks the providers about these legs, in as few calls as each account's lists allow, and stores what they
 * say. Legs whose answer was lost are looked for among the refunds of their payment. One account that cannot
 * be asked changes nothing for the others; its legs keep their stored state.
 */
export async function lookAtLegs(
  world: World,
  merchantId: MerchantId,
  legIds: readonly LegId[],
  { withinMs = Infinity }: LookBudget = {},
): Promise<LegsLookedAt> {
  if (legIds.length === 0) return { failures: [], plans: [], putOff: [] };
  const targets = await listLookTargets(world.db, merchantId, legIds);
  const sending = targets.filter((target) => target.status === 'SENDING');
  for (const paymentId of new Set(sending.map((target) => target.paymentId)))
    await expireLeasesOf(world, merchantId, paymentId);
  const byAccount = Map.groupBy(targets, (target) => target.accountId);
  const looks = await Promise.all(
    [...byAccount].map(async ([accountId, group]) => {
      const connection = world.connections.find(accountId);
      return connection === undefined ? [] : [await lookAtAccount(world, connection, group, withinMs)];
    }),
  );
  const all = looks.flat();
  return {
    failures: all.flatMap(({ failure, plan: { accountCode } }) =>
      failure === undefined ? [] : [{ accountCode, failure }],
    ),
    plans: all.map(({ plan }) => plan),
    putOff: all.flatMap(({ putOff }) => putOff),
  };
}

interface AccountLook {
  readonly failure: Failure | undefined;
  readonly plan: FollowedPlan;
  readonly putOff: readonly LegId[];
}

async function lookAtAccount(
  world: World,
  connection: Connection,
  targets: readonly LookTarget[],
  withinMs: number,
): Promise<AccountLook> {
  const isSilent = !canBeAsked(connection.adapter.capabilities);
  // Where nothing can be asked only an answer that was not taken in yet has anything to tell.
  const named = targets.filter(
    ({ providerRefundId, status }) =>
      providerRefundId !== null && (!isSilent || status === 'SENDING' || status === 'UNKNOWN'),
  );
  const canBeFound = canLookFor(connection.adapter.recovery);
  const nameless = targets.filter(
    (target) => canBeFound && target.providerRefundId === null && target.status !== 'QUEUED',
  );
  const asOf = await readAppNow(world.db);
  const times = timeAnswers(asOf, world.clock);
  if (isSilent) await handOverSilent(world, connection, targets, asOf);
  const { shown, calls: payments, failure: notSeen } = await seePaymentsOf(world, connection, nameless);
  const wanted = named
    .filter((target) => !shown.has(target.providerRefundId!))
    .map((target) => ({
      providerRefundId: target.providerRefundId!,
      providerPaymentId: target.providerPaymentId,
      amount: { minor: target.amountMinor, currency: toCurrency(target.currency) },
      createdAt: target.providerCreatedAt ?? target.createdAt,
    }));
  const looks = await lookAtRefunds(callsOf(world, connection, times, withinMs), wanted);
  await store(world, connection, named, looks.found, times);
  await noteAbsent(world, connection, named, looks.absent);
  const failure = looks.unavailable?.failure ?? notSeen;
  if (failure !== undefined) await noteAccountHealth(world, connection, 'READ', { kind: 'unknown', failure });
  else if (named.length + nameless.length > 0 && !isSilent)
    await noteAccountHealth(world, connection, 'READ', { kind: 'accepted' });
  const putOff = new Set(looks.putOff.map(({ providerRefundId }) => providerRefundId));
  const lookedAt = ({ providerRefundId: id }: LookTarget): Date | null => {
    const facts = id === null ? undefined : looks.found.get(id);
    if (facts !== undefined) return times.of(facts);
    const isTold = id !== null && (shown.has(id) || looks.absent.includes(id));
    return failure === undefined || isTold ? asOf : null;
  };
  await noteLooked(
    world.db,
    'refund_legs',
    targets
      .filter(({ providerRefundId: id }) => id === null || !putOff.has(id))
      .map((target) => ({ id: target.legId, lookedAt: lookedAt(target) })),
  );
  return {
    failure,
    plan: {
      accountCode: connection.accountCode,
      wanted: wanted.length + payments.length,
      shared: 0,
      calls: [...payments, ...looks.calls].filter(({ requests }) => requests > 0),
      putOff: looks.callsPutOff,
      lowerBound: isSilent ? 0 : payments.length + fewestCalls(connection.adapter.capabilities, wanted),
    },
    putOff: await putOffToEngine(
      world.db,
      named.filter((target) => putOff.has(target.providerRefundId!)).map(({ legId }) => legId),
    ),
  };
}

/** Reads and takes in the payments of lost answers; the refunds that they have shown need no call of their own. */
async function seePaymentsOf(
  world: World,
  connection: Connection,
  nameless: readonly LookTarget[],
): Promise<{
  readonly shown: ReadonlySet<string>;
  readonly calls: readonly MadeCall[];
  readonly failure: Failure | undefined;
}> {
  const shown = new Set<string>();
  const calls: MadeCall[] = [];
  let failure: Failure | undefined;
  const see = async (providerPaymentId: string): Promise<void> => {
    if (failure !== undefined) return;
    const { sight, call } = await seeAsCall(world, connection, providerPaymentId);
    calls.push(call);
    if (sight.kind === 'unavailable') failure = sight.failure;
    if (sight.kind !== 'seen') return;
    for (const facts of sight.refunds)
      if (facts.status !== 'FAILED' || facts.failure !== null) shown.add(facts.providerRefundId);
  };
  const payments = [...new Set(nameless.map((target) => target.providerPaymentId))];
  await inParallel(payments, connection.maxInFlight, see, (_payment, error) => {
    throw error;
  });
  return { shown, calls, failure };
}

/** Told once for each state of a leg, however often it is looked at. */
async function noteAbsent(
  world: World,
  connection: Connection,
  targets: readonly LookTarget[],
  absent: readonly string[],
): Promise<void> {
  const gone = targets.filter((target) => absent.includes(target.providerRefundId!));
  const news = await noteVanished(
    world.db,
    gone.map((target) => target.legId),
  );
  for (const { legId, refundId, providerRefundId } of gone)
    if (news.includes(legId))
      world.alerts.raise(
        'PROVIDER_REFUND_VANISHED',
        {
          account: connection.accountCode,
          refundId,
          legId,
          providerRefundId: shownRefundId(connection.adapter, providerRefundId),
        },
        'the provider does not know a refund that it had given us; nothing is concluded from that',
      );
}

function callsOf(world: World, connection: Connection, times: AnswerTimes, withinMs: number): LookCalls {
  const { adapter, access } = connection;
  const { listByPayment, listByTime } = adapter.capabilities;
  const counted = async <T>(call: (access: AccountAccess) => Promise<T>) => {
    const counter = countRequests(access);
    const look = await call(counter.access);
    return { look, requests: counter.requests() };
  };
  return {
    readRefund: (known) =>
      times.note(
        () => counted((one) => adapter.readRefund(one, known)),
        (facts) => [facts],
      ),
    listRefunds:
      listByPayment || listByTime
        ? (query) =>
            times.note(
              () => counted((one) => adapter.listRefunds(one, query)),
              ({ refunds }) => refunds,
            )
        : undefined,
    now: () => world.clock.monotonicMs(),
    canListByTime: listByTime,
    canListByPayment: listByPayment,
    readsAtOnce: connection.maxInFlight,
    budget: callsWithin(access.http, withinMs),
  };
}

/** What did not change is noted in one statement; what did goes through the table, payment by payment. */
async function store(
  world: World,
  connection: Connection,
  targets: readonly LookTarget[],
  found: ReadonlyMap<string, RefundFacts>,
  times: AnswerTimes,
): Promise<void> {
  const answered = targets.flatMap((target) => {
    const facts = found.get(target.providerRefundId!);
    return facts === undefined ? [] : [{ target, facts, asOf: times.of(facts) }];
  });
  const { same = [], changed = [] } = Object.groupBy(answered, ({ target, facts }) =>
    isUnchanged(target, facts) ? 'same' : 'changed',
  );
  await touchLegs(
    world.db,
    same.map(({ target, asOf }) => ({
      id: target.legId,
      status: target.status,
      asOf,
      nextLookInMs: nextLookMs(connection.adapter, target, asOf),
    })),
  );
  for (const [paymentId, group] of Map.groupBy(changed, ({ target }) => target.paymentId)) {
    const asOf = new Date(Math.min(...group.map((each) => each.asOf.getTime())));
    await storeChanges(world, connection, paymentId, group, asOf);
  }
}

const isUnchanged = (target: LookTarget, facts: RefundFacts): boolean =>
  target.isBound &&
  target.amountMinor === facts.amount.minor &&
  target.currency === facts.amount.currency &&
  target.status === facts.status &&
  target.rawStatus === facts.rawStatus &&
  JSON.stringify(target.traceReferences) === JSON.stringify(facts.traceReferences) &&
  isDeepStrictEqual(target.providerDetails ?? {}, facts.providerDetails);

async function storeChanges(
  world: World,
  connection: Connection,
  paymentId: PaymentId,
  group: readonly { readonly target: LookTarget; readonly facts: RefundFacts }[],
  asOf: Date,
): Promise<void> {
  await inTransaction(world.db, async (tx) => {
    const payment = await lockPaymentForUpdate(tx, connection.merchantId, paymentId);
    if (payment === undefined) return;
    const context = factContext(world, connection, { cause: 'evidence', asOf, now: payment.locked_at });
    const lines = await listLines(tx, connection, payment);
    for (const { target, facts } of group) {
      const legs = await listLegs(tx, target.refundId);
      const leg = legs.find((candidate) => candidate.id === target.legId);
      if (leg === undefined) continue;
      // The old answer that stands for a look says nothing against what a message has told since.
      if (!canBeAsked(connection.adapter.capabilities) && leg.status !== target.status) continue;
      // Retried while the provider was asked about the attempt before.
      if (leg.attempt !== target.attempt) await keepOfEarlierAttempt(tx, payment, facts, asOf);
      else if (await bindProviderRefund(tx, payment, leg, facts, asOf))
        await applyFacts(tx, context, payment, legs, leg, facts);
      else
        world.alerts.raise(
          'PROVIDER_REFUND_BOUND_TWICE',
          { refundId: leg.refund_id, legId: leg.id },
          'a provider refund that was looked at belongs to another leg',
        );
    }
    await settleItems(tx, context, payment, lines);
    await settleOvercommitment(tx, context, payment);
  });
  for (const { target } of group) world.changes.announce(target.refundId);
}
