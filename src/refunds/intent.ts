import type { LegUnderWay } from '../db/intent-facts.ts';
import type { PaymentItem } from '../db/payment-items.ts';
import type { LockedPayment, Payment, PaymentSource } from '../db/payments.ts';
import type { NewLeg, NewRefund } from '../db/refunds.ts';
import { refuse, succeed, type Problem, type Result } from '../errors.ts';
import { uuidv7, type LegId, type RefundId } from '../ids.ts';
import { toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { ItemFacts, RefundOrder } from '../providers/provider.ts';
import { maySendFor } from './account-health.ts';
import { planAdoption, type Forgotten } from './adopt.ts';
import { isOccupied, leaseMsOf, sendCheck, type Claim, type ClockReading } from './claim.ts';
import { contentHashVersion } from './content-hash.ts';
import type { CreateRefundCommand, RefundCreated } from './create-refund.ts';
import { decideRefund } from './decide-refund.ts';
import { orderRefused } from './order-refused.ts';
import { allocateBy } from './plan-items.ts';
import type { PlannedLeg } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';
import { refundOrder } from './refund-order.ts';
import type { RefundSituation } from './refund-situation.ts';
import { cartBehindOthers } from './refundable-items.ts';
import { refundContentHash } from './replay.ts';
import { storedRequest } from './stored-request.ts';
import { causeOf, type Caller, type World } from './world.ts';

/** What a refund is decided on, whether it was read under the payment's lock or will be held by a fence. */
export interface IntentSituation {
  readonly payment: LockedPayment;
  readonly isBeingCanceled: boolean;
  /** None of them is left by a sender that never came back. */
  readonly openLegs: readonly LegUnderWay[];
  readonly sources: readonly PaymentSource[];
  /** The lines of its cart; empty where the provider knows no items. */
  readonly lines: readonly PaymentItem[];
  /** What the same key has made at the provider before a restore. */
  readonly forgotten: readonly Forgotten[];
  /** Why the refund that is to be replaced cannot be; undefined: it can, or there is none. */
  readonly irreplaceable: Problem | undefined;
  /** True where what is stored was read for this request, and nothing was sent since. */
  readonly isReadForThis: boolean;
}

export interface Intent {
  readonly refund: NewRefund;
  /** The first leg is SENDING from the start: this process sends it. */
  readonly isFree: boolean;
}

export interface Reserved extends RefundCreated {
  /** The leg that was committed as SENDING together with the intent: this process sends it now. */
  readonly claim: Claim | undefined;
  readonly legCount: number;
}

/**
 * Decides whether a refund may be reserved, and makes everything that is stored of it: refund, legs, exact bytes and
 * event. The first leg is born SENDING when nothing else of the payment is being sent, since a derived key lets crash
 * recovery replay it (MONEY section 1). What was forgotten in a restore is adopted, and only what is missing waits to
 * be sent (MONEY section 10). Nothing is read or written here: the one set of rules for every way to commit.
 */
export function planIntent(
  world: Pick<World, 'pausedAccounts'>,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  intended: IntentSituation,
): Result<Intent> {
  const { payment, lines, forgotten, irreplaceable } = intended;
  const { adapter } = connection;
  const isAdopted = forgotten.length > 0;
  const situation = situationOf(connection, intended);
  const decision = isAdopted ? planAdoption(situation, command, forgotten) : decideRefund(situation, command);
  if (!decision.ok) return decision;
  // What was executed is recorded even where the refund that it replaced is forgotten, too.
  if (irreplaceable && !isAdopted) return refuse(irreplaceable);
  const cart = cartBehindOthers(lines);
  const objections = decision.value.legs.flatMap((leg) =>
    isAdopted
      ? []
      : adapter
          .checkRefund(orderOf(command, payment, cart, leg, ''))
          .map((objection) => orderRefused(payment, leg.amountMinor, objection)),
  );
  if (objections.length > 0) return refuse(...objections);
  const isFree = !isAdopted && isFreeToSend(world, connection, intended);
  const refundId = uuidv7<RefundId>();
  const status = isFree ? 'PENDING' : 'QUEUED';
  const { amountMinor } = decision.value;
  const refund: NewRefund = {
    payment,
    refundId,
    origin: 'API',
    status,
    isFinal: false,
    amountMinor,
    reference: command.reference,
    reason: command.reason,
    note: command.note,
    metadata: command.metadata,
    receipt: command.receipt,
    speed: command.speed,
    replaces: irreplaceable ? null : command.replaces,
    createdBy: caller.viewer.keyId,
    idempotency: {
      key: command.idempotencyKey,
      hashVersion: contentHashVersion,
      hash: refundContentHash(command, payment.id),
      continues: command.continues ?? null,
    },
    isFact: isAdopted,
    legs: decision.value.legs.map((planned, index) =>
      newLeg(caller, command, connection, payment, lines, planned, isFree && index === 0),
    ),
    event: {
      merchantId: caller.viewer.merchantId,
      paymentId: payment.id,
      refundId,
      kind: 'refund.created',
      to: status,
      source: 'API',
      cause: causeOf(caller),
      evidence: {
        amountMinor: amountMinor.toString(),
        currency: payment.currency,
        ...(isAdopted ? { adopted: forgotten.map((one) => one.facts.providerRefundId).join(' ') } : {}),
      },
    },
  };
  return succeed({ refund, isFree });
}

const situationOf = (connection: Connection, intended: IntentSituation): RefundSituation => ({
  ...intended,
  accountCode: connection.accountCode,
  capabilities: connection.adapter.capabilities,
  isNotYetRefundable: connection.adapter.isNotYetRefundable?.(intended.payment.raw_status) ?? false,
  amountRules: connection.adapter.amountRules(toCurrency(intended.payment.currency)),
  allocate: allocateBy(connection.adapter),
  now: intended.payment.locked_at,
});

/** Without a key that a replay can use, SENDING is committed by its own claim, right before the call. */
const isFreeToSend = (
  world: Pick<World, 'pausedAccounts'>,
  connection: Connection,
  { openLegs, isReadForThis }: IntentSituation,
): boolean =>
  connection.adapter.recovery.replayForMs > 0 &&
  maySendFor(world, connection) &&
  !isOccupied(connection, openLegs) &&
  !openLegs.some((leg) => leg.lease_is_live || leg.status === 'QUEUED') &&
  (!connection.adapter.buildsFromFreshPayment || isReadForThis);

/**
 * What the intent has made, once it is committed.
 *
 * @param since read before the lease was taken
 * @param sentAt the database's time, from which the lease counts
 */
export function reservedBy(
  world: World,
  connection: Connection,
  { refund, isFree }: Intent,
  since: ClockReading,
  sentAt: Date,
): Reserved {
  const { refundId, payment, legs } = refund;
  const created = { refundId, replayed: false, legCount: legs.length };
  if (!isFree) return { ...created, claim: undefined };
  const [first] = legs;
  if (first?.attempt == null) throw new Error('a refund has at least one leg, with its bytes');
  const { method, path, body, headers } = first.attempt;
  return {
    ...created,
    claim: {
      connection,
      leg: {
        id: first.legId,
        merchant_id: payment.merchant_id,
        refund_id: refundId,
        amount_minor: first.amountMinor,
        created_at: sentAt,
      },
      others: legs
        .slice(1)
        .map(({ legId: id, status }) => ({ id, status, returned_minor: 0n, sent_at: null })),
      attempt: {
        attempt: 1,
        sends: 1,
        last_sent_at: sentAt,
        method,
        path,
        body: body ?? null,
        headers: JSON.parse(headers) as Record<string, string>,
      },
      payment,
      isFirstSend: true,
      mayStillSend: sendCheck(world, connection, since, null),
    },
  };
}

/** @param providerKey empty where the order is only checked, and not made into bytes */
const orderOf = (
  command: CreateRefundCommand,
  payment: Payment,
  cart: readonly ItemFacts[],
  planned: PlannedLeg,
  providerKey: string,
): RefundOrder =>
  refundOrder(payment, cart, payment.reserved_minor, {
    amountMinor: planned.amountMinor,
    providerKey,
    metadata: command.metadata,
    reason: command.reason,
    receipt: command.receipt,
    items: planned.items,
    sends: 0,
    ...(command.speed === null ? {} : { speed: command.speed }),
    ...(planned.sellers.length === 0 ? {} : { sources: planned.sellers }),
  });

function newLeg(
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  payment: Payment,
  lines: readonly PaymentItem[],
  planned: PlannedLeg,
  isSending: boolean,
): NewLeg {
  const providerKey = deriveProviderKey({
    merchantCode: caller.viewer.merchantCode,
    idempotencyKey: command.idempotencyKey,
    legName: planned.name,
    attempt: 1,
  });
  const order = orderOf(command, payment, cartBehindOthers(lines), planned, providerKey);
  const request = connection.adapter.buildRefund(order);
  return {
    legId: uuidv7<LegId>(),
    name: planned.name,
    status: isSending ? 'SENDING' : 'QUEUED',
    amountMinor: planned.amountMinor,
    returnedMinor: 0n,
    shares: planned.shares,
    items: planned.items.map(({ item, quantityHundredths, amountMinor }) => ({
      itemId: lines.find((line) => line.item === item)!.id,
      quantityHundredths,
      amountMinor,
    })),
    counts: { reserved: 1, refunded: 0 },
    columns: { provider_refund_id: null, raw_status: null, failure: null, trace_references: '[]' },
    attempt: storedRequest(connection.adapter, providerKey, request),
    leaseMs: isSending ? leaseMsOf(connection) : null,
    nextLookInMs: isSending ? leaseMsOf(connection) : 0,
  };
}
