import type { Kysely } from 'kysely';
import { inTransaction } from '../db/in-transaction.ts';
import { findRefund, listLegs, type Refund } from '../db/legs.ts';
import {
  findPayment,
  listPaymentSources,
  lockPaymentForUpdate,
  readAppNow,
  updateUnbound,
  type Payment,
} from '../db/payments.ts';
import { bindSeenRefund, findProviderRefund, upsertProviderRefund } from '../db/provider-refunds.ts';
import type { Database } from '../db/tables.ts';
import { listUnclearLegs, type UnclearLeg } from '../db/unclear-legs.ts';
import { invalidInput, notFound, providerProblem, refuse, succeed, type Result } from '../errors.ts';
import { isUuid, type RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { canBeAsked } from './declared-facts.ts';
import { moveLeg, type Move } from './move-leg.ts';
import { nextLookMs } from './looks/next-look.ts';
import { settleOvercommitment, settleSources } from './overcommitment.ts';
import {
  outstandingUntil,
  planTimesOf,
  refundPath,
  verdictPath,
  whyNotThisAmount,
  whyNotUnreturned,
  type Verdict,
} from './resolvable.ts';
import { whyNotOfThisLeg, whyNotWithoutId } from './unused-provider-refund.ts';
import {
  noSuchRefund,
  notConfigured,
  notReturned,
  nothingUnclear,
  notVerifiable,
  otherCurrency,
  staleVersion,
  stillOutstanding,
} from './verdict-problems.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface ResolveRefundCommand {
  readonly refundId: RefundId;
  /** `Refund.version` as the person saw it: a verdict is about what is known, and that may have changed. */
  readonly expectedVersion: number;
  readonly verdict: Verdict;
  /** How the person knows, in their own words: 1 to 2000 characters, kept with the event for ever. */
  readonly evidence: string;
}

type Resolved = Result<{ readonly refundId: RefundId }>;
/** `failed`: refunds that were never sent, and for which nothing is left any more. */
type Decided = Result<{ readonly refundId: RefundId; readonly failed: readonly RefundId[] }>;

/** A provider refund that was read because it was not known here as a leg's, and when the reading began. */
interface Reading {
  readonly facts: RefundFacts;
  readonly asOf: Date;
}

/**
 * Takes a person's verdict on a leg whose outcome the service could not find out (MONEY section 4): what was returned
 * counts as refunded, what was not is free again. Refused while the recovery plan may still find out by itself. What
 * is fetched from the provider later outranks the verdict.
 */
export async function resolveRefund(
  world: World,
  caller: Caller,
  command: ResolveRefundCommand,
): Promise<Resolved> {
  const { merchantId } = caller.viewer;
  const { verdict } = command;
  const known = isUuid(command.refundId)
    ? await findRefund(world.db, merchantId, command.refundId)
    : undefined;
  if (known === undefined) return refuse(notFound(refundPath, 'The refund'));
  const connection = world.connections.find(known.account_id);
  if (connection === undefined) return refuse(notConfigured);
  const now = await readAppNow(world.db);
  const early = await chooseLeg(world.db, connection, known, command, now);
  if (!early.ok) return early;
  const unseen = await readUnseen(world, connection, known, early.value, verdict);
  if (!unseen.ok) return unseen;
  const named = asNamedThere(command, unseen.value);
  const resolved = await decide(world, caller, named, connection, known, unseen.value);
  if (!resolved.ok) return resolved;
  for (const changed of [known.id, ...resolved.value.failed]) world.changes.announce(changed);
  return succeed({ refundId: known.id });
}

/** The leg that the verdict is about, if one may be given on it now. */
async function chooseLeg(
  db: Kysely<Database>,
  connection: Connection,
  refund: Refund,
  { expectedVersion, verdict }: ResolveRefundCommand,
  now: Date,
): Promise<Result<UnclearLeg>> {
  if (refund.version !== expectedVersion) return refuse(staleVersion(refund));
  const unclear = (await listUnclearLegs(db, refund.merchant_id, [refund.id])).get(refund.id) ?? [];
  const path = [...verdictPath, verdict.kind, 'leg'];
  if (unclear.length === 0) return refuse(nothingUnclear);
  const wanted = unclear.filter((leg) => verdict.legId === null || leg.id === verdict.legId);
  const [leg] = wanted;
  if (leg === undefined) {
    const isOfRefund = (await listLegs(db, refund.id)).some(({ id }) => id === verdict.legId);
    return refuse(isOfRefund ? nothingUnclear : notFound(path, 'The leg'));
  }
  if (wanted.length > 1) {
    const names = unclear.map(({ name }) => name).join(', ');
    return refuse(
      invalidInput(
        path,
        `Several legs of this refund are unclear, of ${names}. Name the one that is meant: \`sources { seller leg { id } }\` has them.`,
      ),
    );
  }
  if (verdict.kind === 'returned' && verdict.amount.currency !== refund.currency)
    return refuse(otherCurrency(refund.currency));
  const until = outstandingUntil(leg, verdict.kind, planTimesOf(connection), now);
  if (until !== null) return refuse(stillOutstanding(until));
  const problem =
    verdict.kind === 'returned'
      ? whyNotThisAmount(leg, verdict, connection.adapter)
      : whyNotUnreturned(leg, connection.adapter);
  return problem === undefined ? succeed(leg) : refuse(problem);
}

/** Reads the provider refund that the verdict names, unless it is known as a leg's: a fact, and no word of a person. */
async function readUnseen(
  world: World,
  connection: Connection,
  refund: Refund,
  leg: UnclearLeg,
  verdict: Verdict,
): Promise<Result<Reading | undefined>> {
  if (verdict.kind !== 'returned' || verdict.providerRefundId === null) return succeed(undefined);
  if (leg.provider_refund_id !== null) return succeed(undefined);
  const { providerRefundId } = verdict;
  const seen = await findProviderRefund(world.db, refund.account_id, providerRefundId);
  const isAsked = canBeAsked(connection.adapter.capabilities);
  // What is nobody's may have been read too early, and where nothing lists it nobody else reads it again.
  if (seen !== undefined && (seen.leg_id !== null || !isAsked)) return succeed(undefined);
  if (!isAsked) return refuse(notVerifiable);
  const asOf = await readAppNow(world.db);
  const payment = await findPayment(world.db, refund.merchant_id, refund.payment_id);
  if (payment === undefined) throw new Error(`payment ${refund.payment_id} has vanished`);
  const look = await connection.adapter.readRefund(connection.access, {
    providerRefundId,
    providerPaymentId: payment.provider_payment_id,
    amount: verdict.amount,
    createdAt: leg.first_sent_at ?? refund.created_at,
  });
  const path = [...verdictPath, 'returned', 'providerRefundId'];
  if (look.kind === 'unavailable') return refuse(providerProblem(look.failure, path));
  if (look.kind === 'absent' || look.value.providerPaymentId !== payment.provider_payment_id)
    return refuse(noSuchRefund);
  return succeed({ facts: look.value, asOf });
}

/** With the id as the provider's own facts have it, which a person may write otherwise: what is counted is known by it. */
const asNamedThere = (command: ResolveRefundCommand, read: Reading | undefined): ResolveRefundCommand =>
  read === undefined || command.verdict.kind !== 'returned'
    ? command
    : { ...command, verdict: { ...command.verdict, providerRefundId: read.facts.providerRefundId } };

function decide(
  world: World,
  caller: Caller,
  command: ResolveRefundCommand,
  connection: Connection,
  known: Refund,
  unseen: Reading | undefined,
): Promise<Decided> {
  const { verdict } = command;
  return inTransaction(world.db, async (tx): Promise<Decided> => {
    const payment = await lockPaymentForUpdate(tx, known.merchant_id, known.payment_id);
    const refund = await findRefund(tx, known.merchant_id, known.id);
    if (payment === undefined || refund === undefined) throw new Error(`refund ${known.id} has vanished`);
    const now = payment.locked_at;
    const chosen = await chooseLeg(tx, connection, refund, command, now);
    if (!chosen.ok) return chosen;
    const legs = await listLegs(tx, refund.id);
    const leg = legs.find(({ id }) => id === chosen.value.id);
    if (leg === undefined) throw new Error(`leg ${chosen.value.id} has vanished`);
    const taken = await takeProviderRefund(tx, payment, chosen.value, verdict, unseen);
    if (!taken.ok) return taken;
    const by = causeOf(caller);
    const move = {
      ...moveBy(command, refund, taken.value.rawStatus),
      cause: 'verdict' as const,
      source: 'API' as const,
      by,
    };
    const watch = { status: move.to, createdAt: leg.created_at };
    const patch = { ...move.patch, nextLookInMs: nextLookMs(connection.adapter, watch, now) };
    const sources = await listPaymentSources(tx, payment.id);
    await moveLeg(tx, payment, legs, leg, { ...move, patch });
    const context = { alerts: world.alerts, by };
    const isOther = verdict.kind === 'returned' && verdict.amount.minor !== leg.amount_minor;
    const failed = isOther ? await settleSources(tx, context, payment, sources) : [];
    failed.push(...(await settleOvercommitment(tx, context, payment)));
    return succeed({ refundId: refund.id, failed });
  });
}

/** What a verdict makes of its leg, and what is kept of it. */
function moveBy(
  { verdict, evidence }: ResolveRefundCommand,
  refund: Refund,
  rawStatus: string | null,
): Pick<Move, 'to' | 'patch' | 'evidence' | 'returnedMinor'> {
  const statement = { verdict: verdict.kind, statement: evidence };
  if (verdict.kind === 'notReturned') {
    const retry = refund.origin === 'EXTERNAL' ? 'NEVER' : notReturned.retry;
    return { to: 'FAILED', patch: { failure: { ...notReturned, retry } }, evidence: statement };
  }
  const { amount, providerRefundId } = verdict;
  return {
    to: 'SUCCEEDED',
    returnedMinor: amount.minor,
    patch: {
      failure: null,
      ...(providerRefundId === null ? {} : { providerRefundId }),
      ...(rawStatus === null ? {} : { rawStatus }),
    },
    evidence: {
      ...statement,
      returnedMinor: amount.minor.toString(),
      currency: amount.currency,
      providerRefundId,
    },
  };
}

/** Ties the leg to the provider refund that the verdict names, if it is nobody's. */
async function takeProviderRefund(
  tx: Kysely<Database>,
  payment: Payment,
  leg: UnclearLeg,
  verdict: Verdict,
  unseen: Reading | undefined,
): Promise<Result<{ readonly rawStatus: string | null }>> {
  if (verdict.kind === 'notReturned') return succeed({ rawStatus: null });
  const { providerRefundId, amount } = verdict;
  if (leg.provider_refund_id !== null) return succeed({ rawStatus: null });
  if (providerRefundId === null) {
    const doubt = await whyNotWithoutId(tx, payment.id, amount);
    return doubt === undefined ? succeed({ rawStatus: null }) : refuse(doubt);
  }
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  // A provider refund, once seen, is kept whatever is decided about it (MONEY section 5).
  if (unseen !== undefined) {
    await upsertProviderRefund(tx, owner, unseen.facts, null, unseen.asOf);
    await updateUnbound(tx, payment.id);
  }
  const row = await findProviderRefund(tx, payment.account_id, providerRefundId);
  if (row === undefined || row.payment_id !== payment.id) return refuse(noSuchRefund);
  const problem = await whyNotOfThisLeg(tx, row, leg, amount);
  if (problem !== undefined) return refuse(problem);
  await bindSeenRefund(tx, payment.account_id, providerRefundId, leg.id);
  await updateUnbound(tx, payment.id);
  return succeed({ rawStatus: row.raw_status });
}
