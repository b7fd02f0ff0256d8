import { inTransaction } from '../db/in-transaction.ts';
import { readKeyAndOperation } from '../db/idempotency.ts';
import { listPaymentItems, type PaymentItem } from '../db/payment-items.ts';
import { listPaymentSources, lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { insertRefund, type NewLeg } from '../db/refunds.ts';
import { refuse, succeed, type Result } from '../errors.ts';
import { toCurrency } from '../money.ts';
import { uuidv7, type LegId, type RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { ItemFacts, RefundOrder } from '../providers/provider.ts';
import { planAdoption } from './adopt.ts';
import { bindForgotten, notAdopted, NotAdopted } from './bind-forgotten.ts';
import { maySendFor } from './account-health.ts';
import { expireLeases, isOccupied, leaseMsOf, readClocks, sendCheck, type Claim } from './claim.ts';
import { contentHashVersion } from './content-hash.ts';
import type { CreateRefundCommand, RefundCreated } from './create-refund.ts';
import { decideRefund } from './decide-refund.ts';
import { mayBeSentFor, notReadYet } from './epoch.ts';
import { findForgotten, type FreshRefunds } from './find-forgotten.ts';
import { allocateBy } from './plan-items.ts';
import type { PlannedLeg } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';
import { isReadSince } from './fresh-bytes.ts';
import { refundOrder } from './refund-order.ts';
import { orderRefused } from './order-refused.ts';
import { cartBehindOthers } from './refundable-items.ts';
import { whyNotReplaceable } from './replaces.ts';
import { refundContentHash, replayOf } from './replay.ts';
import { storedRequest } from './stored-request.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface Reserved extends RefundCreated {
  /** The leg that was committed as SENDING together with the intent: this process sends it now. */
  readonly claim: Claim | undefined;
  readonly legCount: number;
}

/**
 * The intent, in one transaction: lock the payment, look at the key again, decide, reserve, and commit
 * refund, legs, exact bytes and event. The first leg is born SENDING when nothing else of the payment is
 * being sent, since a derived key lets crash recovery replay it (MONEY section 1). After a restore, what the key
 * has made at the provider already is adopted, and only what is missing waits to be sent (MONEY section 10).
 *
 * @param fresh what a read of the payment, made by the caller just now, has shown
 *
 * @throws constraint violations, which the caller maps: idempotency_pkey, refunds_reference_unique
 */
export function reserveRefund(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  located: Payment,
  fresh?: FreshRefunds,
): Promise<Result<Reserved>> {
  const since = readClocks(world);
  const reserving = inTransaction(world.db, async (tx): Promise<Result<Reserved>> => {
    const { merchantId } = caller.viewer;
    const payment = await lockPaymentForUpdate(tx, merchantId, located.id);
    if (payment === undefined) throw new Error(`payment ${located.id} has vanished`);
    const { earlier, isBeingCanceled } = await readKeyAndOperation(
      tx,
      merchantId,
      command.idempotencyKey,
      payment.id,
    );
    const replay = earlier && (await replayOf({ ...world, db: tx }, caller, command, earlier));
    if (replay !== undefined) return nothingToSend(replay);
    const { capabilities } = connection.adapter;
    if (!mayBeSentFor(payment)) return refuse(notReadYet(capabilities, payment));
    const openLegs = await expireLeases(tx, world, payment);
    const sources = await listPaymentSources(tx, payment.id);
    const lines = capabilities.itemRefunds ? await listPaymentItems(tx, payment.id) : [];
    const cart = cartBehindOthers(lines);
    const { idempotencyKey } = command;
    const forgotten = await findForgotten(tx, caller.viewer, idempotencyKey, payment, sources, fresh);
    if (forgotten === undefined) return refuse(notReadYet(capabilities, payment));
    const isAdopted = forgotten.length > 0;
    const situation = {
      accountCode: connection.accountCode,
      payment,
      sources,
      openLegs,
      isBeingCanceled,
      capabilities,
      isNotYetRefundable: connection.adapter.isNotYetRefundable?.(payment.raw_status) ?? false,
      amountRules: connection.adapter.amountRules(toCurrency(payment.currency)),
      lines,
      allocate: allocateBy(connection.adapter),
      now: payment.locked_at,
    };
    const decision = isAdopted
      ? planAdoption(situation, command, forgotten)
      : decideRefund(situation, command);
    if (!decision.ok) return decision;
    const irreplaceable = command.replaces && (await whyNotReplaceable(tx, payment, command.replaces));
    // What was executed is recorded even where the refund that it replaced is forgotten, too.
    if (irreplaceable && !isAdopted) return refuse(irreplaceable);
    const objections = decision.value.legs.flatMap((leg) =>
      isAdopted
        ? []
        : connection.adapter
            .checkRefund(orderOf(command, payment, cart, leg, ''))
            .map((objection) => orderRefused(payment, leg.amountMinor, objection)),
    );
    if (objections.length > 0) return refuse(...objections);
    const isFree =
      !isAdopted &&
      // Without a key that a replay can use, SENDING is committed by its own claim, right before the call.
      connection.adapter.recovery.replayForMs > 0 &&
      maySendFor(world, connection) &&
      !isOccupied(connection, openLegs) &&
      !openLegs.some((leg) => leg.lease_is_live || leg.status === 'QUEUED') &&
      (!connection.adapter.buildsFromFreshPayment || (await isReadSince(tx, payment, fresh?.asOf)));
    const refundId = uuidv7<RefundId>();
    const legs = decision.value.legs.map((planned, index) =>
      newLeg(caller, command, connection, payment, lines, planned, isFree && index === 0),
    );
    await insertRefund(tx, {
      payment,
      refundId,
      origin: 'API',
      status: isFree ? 'PENDING' : 'QUEUED',
      isFinal: false,
      amountMinor: decision.value.amountMinor,
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
      legs,
      event: {
        merchantId,
        paymentId: payment.id,
        refundId,
        kind: 'refund.created',
        to: isFree ? 'PENDING' : 'QUEUED',
        source: 'API',
        cause: causeOf(caller),
        evidence: {
          amountMinor: decision.value.amountMinor.toString(),
          currency: payment.currency,
          ...(isAdopted ? { adopted: forgotten.map((one) => one.facts.providerRefundId).join(' ') } : {}),
        },
      },
    });
    if (isAdopted && fresh !== undefined) {
      const adoption = { refundId, forgotten, asOf: fresh.asOf };
      await bindForgotten(tx, world, connection, payment, sources, adoption);
      return succeed({ refundId, replayed: true, claim: undefined, legCount: legs.length });
    }
    if (!isFree) return succeed({ refundId, replayed: false, claim: undefined, legCount: legs.length });
    const [first] = legs;
    if (first?.attempt == null) throw new Error('a refund has at least one leg, with its bytes');
    const { method, path, body, headers } = first.attempt;
    const claim: Claim = {
      connection,
      leg: {
        id: first.legId,
        merchant_id: merchantId,
        refund_id: refundId,
        amount_minor: first.amountMinor,
        created_at: payment.locked_at,
      },
      others: legs
        .slice(1)
        .map(({ legId: id, status }) => ({ id, status, returned_minor: 0n, sent_at: null })),
      attempt: {
        attempt: 1,
        sends: 1,
        last_sent_at: payment.locked_at,
        method,
        path,
        body: body ?? null,
        headers: JSON.parse(headers) as Record<string, string>,
      },
      payment,
      isFirstSend: true,
      mayStillSend: sendCheck(world, connection, since, null),
    };
    return succeed({ refundId, replayed: false, claim, legCount: legs.length });
  });
  return reserving.catch((error: unknown) => {
    if (error instanceof NotAdopted) return refuse(notAdopted);
    throw error;
  });
}

/** A replay as an answer of a reservation: what its key made is sent, or was, by somebody else. */
export const nothingToSend = (replay: Result<RefundCreated>): Result<Reserved> =>
  replay.ok ? succeed({ ...replay.value, claim: undefined, legCount: 0 }) : replay;

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
