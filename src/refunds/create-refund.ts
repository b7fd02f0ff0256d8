import pg from 'pg';
import { failpoint } from '../failpoints.ts';
import { findRefundIdByReference } from '../db/idempotency.ts';
import { readIntentFacts, type IntentFacts } from '../db/intent-facts.ts';
import type { Refund } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import { refuse, succeed, type Problem, type ProblemType, type Result } from '../errors.ts';
import type { OperationId, RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { RefundReason } from '../vocabulary.ts';
import { valueWithin } from './background.ts';
import type { FreshRefunds } from './find-forgotten.ts';
import { storedRefOf } from './find-payment.ts';
import { locateFrom, type LocatedPayment } from './locate-payment.ts';
import type { PaymentRef } from './payment-ref.ts';
import type { RefundWish } from './refund-wish.ts';
import { replayOf, sameKeyOtherContent } from './replay.ts';
import { nothingToSend, reserveRefund } from './reserve.ts';
import { seePayment } from './see-payment.ts';
import { runLine, sendClaimed } from './sending-line.ts';
import { waitUntilSent } from './wait.ts';
import type { Caller, World } from './world.ts';

export interface CreateRefundCommand extends RefundWish {
  readonly idempotencyKey: string;
  readonly payment: PaymentRef;
  readonly reason: RefundReason;
  readonly note: string | null;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** The operation under the same key that this refund goes on from: its payment could not be stopped any more. */
  readonly continues?: OperationId | null;
  /** Bounds the answer to the caller, in milliseconds; never the provider call. */
  readonly waitMs: number;
}

export interface RefundCreated {
  readonly refundId: RefundId;
  /** True when this key had made this refund before: its current state is the answer. */
  readonly replayed: boolean;
  /** The refund as this request's own last statement has left it, where that is known; else it has to be read. */
  readonly refund?: Refund | undefined;
}

/** Facts of a payment that are older are read again before money is reserved on them. */
const factsFreshForMs = 60_000;

/**
 * Gives money back, exactly once per key. In this order (MONEY section 8): the key decides replay or
 * conflict, whatever the payment is now; the payment is found, and read at its provider if it is unseen,
 * stale, or would refuse; then it is decided on what is stored now, reserved, committed, and only then sent.
 */
export async function createRefund(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
): Promise<Result<RefundCreated>> {
  const deadline = world.clock.monotonicMs() + command.waitMs;
  const facts = await readFacts(world, caller, command);
  const replay = findReplay(command, facts);
  if (replay !== undefined) return replay.ok ? settle(world, replay.value, deadline) : replay;
  const located = await locateFrom(world, caller, command.payment, facts.payment);
  if (!located.ok) return located;
  failpoint('refund.before-intent');
  const reserved = await reserveOnFreshFacts(world, caller, command, located.value, facts);
  failpoint('refund.after-intent');
  if (!reserved.ok) return reserved;
  const { refundId, claim, replayed, legCount } = reserved.value;
  if (claim !== undefined) {
    const leftMs = Math.max(0, deadline - world.clock.monotonicMs());
    const refund = await valueWithin(sendClaimed(world, claim), leftMs);
    if (legCount === 1) return succeed({ refundId, replayed, refund });
  } else if (legCount > 0 && isSentByLine(located.value.connection)) {
    const { connection, payment } = located.value;
    void runLine(world, connection, payment.merchant_id, payment.id);
  }
  return settle(world, { refundId, replayed }, deadline);
}

/** What is not committed as SENDING with its intent is claimed right away. */
const isSentByLine = ({ adapter }: Connection): boolean =>
  adapter.recovery.replayForMs === 0 || adapter.buildsFromFreshPayment;

/**
 * Reserves on facts that are fresh enough. A refusal by stored facts is not trusted: the payment is read at its
 * provider, and the rules decide once more.
 */
async function reserveOnFreshFacts(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  { payment, connection, isFresh, fresh, ageMs }: LocatedPayment,
  facts: IntentFacts,
): ReturnType<typeof reserveRefund> {
  if (isFresh || ageMs <= factsFreshForMs) {
    const known = isFresh ? undefined : facts;
    const reserved = await reserveOrFindWinner(world, caller, command, connection, payment, known, fresh);
    if (isFresh || reserved.ok || !reserved.problems.every((problem) => mayBeStale.includes(problem.type)))
      return reserved;
  }
  const current = await readAgain(world, connection, payment);
  if (!current.ok) return current;
  const { value } = current;
  return reserveOrFindWinner(world, caller, command, connection, value.payment, undefined, value);
}

/** Refusals that rest on what the provider says of the payment. */
const mayBeStale: readonly ProblemType[] = [
  'AmountExceedsRefundable',
  'AmountNotAllocatable',
  'PaymentNotRefundable',
  'RefundableChanged',
  'RefundWindowClosed',
  'OperationInProgress',
];

async function settle(
  world: World,
  created: RefundCreated,
  deadline: number,
): Promise<Result<RefundCreated>> {
  await waitUntilSent(world, created.refundId, deadline);
  return succeed(created);
}

/** Key and payment as they are stored now, in one statement. */
async function readFacts(world: World, caller: Caller, command: CreateRefundCommand): Promise<IntentFacts> {
  const { merchantId } = caller.viewer;
  const ref = await storedRefOf(world, merchantId, command.payment);
  return readIntentFacts(world.db, merchantId, command.idempotencyKey, ref);
}

const findReplay = (
  command: CreateRefundCommand,
  { earlier, payment }: IntentFacts,
): Result<RefundCreated> | undefined => earlier && replayOf(command, earlier, payment?.id);

async function readAgain(
  world: World,
  connection: Connection,
  payment: Payment,
): Promise<Result<FreshRefunds & { readonly payment: Payment }>> {
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  if (sight.kind === 'seen') return succeed(sight);
  return refuse(
    sight.kind === 'absent'
      ? {
          type: 'NotFound',
          code: 'PAYMENT_NOT_FOUND',
          message: 'The provider does not know this payment any more.',
          path: ['input', 'payment'],
          retry: 'ASK_A_HUMAN',
        }
      : {
          type: 'ProviderProblem',
          ...sight.failure,
          path: ['input', 'payment'],
          retry: 'SAME_KEY',
        },
  );
}

async function whyReferenceTaken(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
): Promise<Problem | undefined> {
  if (command.reference === null) return undefined;
  const existingRefundId = await findRefundIdByReference(
    world.db,
    caller.viewer.merchantId,
    command.reference,
  );
  return existingRefundId && referenceTaken(existingRefundId);
}

const referenceTaken = (existingRefundId: RefundId | null): Problem => ({
  type: 'ReferenceTaken',
  code: 'REFERENCE_TAKEN',
  message: 'Another refund has this reference. References are unique per merchant.',
  path: ['input', 'reference'],
  retry: 'NEW_REQUEST',
  existingRefundId,
});

/**
 * Two requests with one key at once: the constraint lets one win, and the other replays it.
 *
 * @param known absent: something was stored since it was read
 */
async function reserveOrFindWinner(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  payment: Payment,
  known: IntentFacts | undefined,
  fresh: FreshRefunds | undefined,
): ReturnType<typeof reserveRefund> {
  const facts = known ?? (await readFacts(world, caller, command));
  try {
    return await reserveRefund(world, caller, command, connection, payment, facts, fresh);
  } catch (error) {
    const constraint = error instanceof pg.DatabaseError ? error.constraint : undefined;
    if (constraint === 'refunds_reference_unique') {
      const again = findReplay(command, await readFacts(world, caller, command));
      if (again !== undefined) return nothingToSend(again);
      const taken = await whyReferenceTaken(world, caller, command);
      return refuse(taken ?? referenceTaken(null));
    }
    if (constraint !== 'idempotency_pkey') throw error;
    const replay = findReplay(command, await readFacts(world, caller, command));
    if (replay === undefined) return refuse(sameKeyOtherContent(null));
    return nothingToSend(replay);
  }
}
