import { inTransaction } from '../db/in-transaction.ts';
import { findIdempotency } from '../db/idempotency.ts';
import { findOpenOperation } from '../db/operations.ts';
import { listPaymentSources, lockPaymentForUpdate, readAppNow, type Payment } from '../db/payments.ts';
import { insertRefund, type NewLeg } from '../db/refunds.ts';
import { getAttempt, listLegs } from '../db/legs.ts';
import { invalidInput, refuse, succeed, type Result } from '../errors.ts';
import { uuidv7, type LegId, type RefundId } from '../ids.ts';
import { toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { RefundOrder } from '../providers/provider.ts';
import { expireLeases, leaseMsOf, sendCheck, type Claim } from './claim.ts';
import { contentHashVersion } from './content-hash.ts';
import type { CreateRefundCommand, RefundCreated } from './create-refund.ts';
import { decideRefund } from './decide-refund.ts';
import type { PlannedLeg } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';
import { whyNotReplaceable } from './replaces.ts';
import { refundContentHash, replayOf } from './replay.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface Reserved extends RefundCreated {
  /** The leg that was committed as SENDING together with the intent: this process sends it now. */
  readonly claim: Claim | undefined;
}

/**
 * The intent, in one transaction: lock the payment, look at the key again, decide, reserve, and commit
 * refund, legs, exact bytes and event. The first leg is born SENDING when nothing else of the payment is
 * being sent, since a derived key lets crash recovery replay it (MONEY section 1).
 *
 * @throws constraint violations, which the caller maps: idempotency_pkey, refunds_reference_unique
 */
export function reserveRefund(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  located: Payment,
): Promise<Result<Reserved>> {
  return inTransaction(world.db, async (tx): Promise<Result<Reserved>> => {
    const { merchantId } = caller.viewer;
    const payment = await lockPaymentForUpdate(tx, merchantId, located.id);
    if (payment === undefined) throw new Error(`payment ${located.id} has vanished`);
    const earlier = await findIdempotency(tx, merchantId, command.idempotencyKey);
    if (earlier !== undefined) {
      const replay = await replayOf({ ...world, db: tx }, caller, command, earlier);
      return replay.ok ? succeed({ ...replay.value, claim: undefined }) : replay;
    }
    const openLegs = await expireLeases(tx, world, payment);
    const sources = await listPaymentSources(tx, payment.id);
    const operation = await findOpenOperation(tx, payment.id);
    const now = await readAppNow(tx);
    const decision = decideRefund(
      {
        accountCode: connection.accountCode,
        payment,
        sources,
        openLegs,
        isBeingCanceled: operation !== undefined,
        capabilities: connection.adapter.capabilities,
        now,
      },
      command,
    );
    if (!decision.ok) return decision;
    const irreplaceable = command.replaces && (await whyNotReplaceable(tx, payment, command.replaces));
    if (irreplaceable) return refuse(irreplaceable);
    const objections = decision.value.legs.flatMap((leg) =>
      connection.adapter.checkRefund(orderOf(command, payment, leg)),
    );
    if (objections.length > 0)
      return refuse(...objections.map(({ path, message }) => invalidInput(['input', ...path], message)));
    const isFree =
      !world.pausedAccounts.has(connection.accountId) &&
      !openLegs.some((leg) => leg.lease_is_live || leg.status === 'QUEUED');
    const refundId = uuidv7<RefundId>();
    const legs = decision.value.legs.map((planned, index) =>
      newLeg(caller, command, connection, payment, planned, isFree && index === 0),
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
      replaces: command.replaces,
      createdBy: caller.viewer.keyId,
      idempotency: {
        key: command.idempotencyKey,
        hashVersion: contentHashVersion,
        hash: refundContentHash(command, payment.id),
      },
      isFact: false,
      legs,
      event: {
        merchantId,
        paymentId: payment.id,
        refundId,
        kind: 'refund.created',
        to: isFree ? 'PENDING' : 'QUEUED',
        source: 'API',
        cause: causeOf(caller),
        evidence: { amountMinor: decision.value.amountMinor.toString(), currency: payment.currency },
      },
    });
    if (!isFree) return succeed({ refundId, replayed: false, claim: undefined });
    const leg = (await listLegs(tx, refundId)).find((row) => row.id === legs[0]!.legId)!;
    const claim: Claim = {
      connection,
      leg,
      attempt: await getAttempt(tx, leg.id, leg.attempt),
      payment,
      isFirstSend: true,
      mayStillSend: sendCheck(world, connection, null),
    };
    return succeed({ refundId, replayed: false, claim });
  });
}

const orderOf = (
  command: CreateRefundCommand,
  payment: Payment,
  planned: PlannedLeg,
): Omit<RefundOrder, 'providerKey'> => ({
  providerPaymentId: payment.provider_payment_id,
  amount: { minor: planned.amountMinor, currency: toCurrency(payment.currency) },
  metadata: command.metadata,
  receipt: command.receipt,
  ...(command.speed === null ? {} : { speed: command.speed }),
  ...(planned.sellers.length === 0 ? {} : { sources: planned.sellers }),
});

function newLeg(
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  payment: Payment,
  planned: PlannedLeg,
  isSending: boolean,
): NewLeg {
  const providerKey = deriveProviderKey({
    merchantCode: caller.viewer.merchantCode,
    idempotencyKey: command.idempotencyKey,
    legName: planned.name,
    attempt: 1,
  });
  const request = connection.adapter.buildRefund({ ...orderOf(command, payment, planned), providerKey });
  return {
    legId: uuidv7<LegId>(),
    name: planned.name,
    status: isSending ? 'SENDING' : 'QUEUED',
    amountMinor: planned.amountMinor,
    returnedMinor: 0n,
    shares: planned.shares,
    counts: { reserved: 1, refunded: 0 },
    columns: { provider_refund_id: null, raw_status: null, failure: null, trace_references: '[]' },
    attempt: {
      provider_key: providerKey,
      wire_version: `${connection.adapter.code}/${connection.adapter.wireVersion}`,
      method: request.method,
      path: request.path,
      headers: JSON.stringify(request.headers),
      body: request.body,
    },
    leaseMs: isSending ? leaseMsOf(connection) : null,
    nextLookInMs: null,
  };
}
