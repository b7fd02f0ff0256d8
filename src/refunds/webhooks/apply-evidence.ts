import type { Kysely } from 'kysely';
import { systemCause } from '../../context.ts';
import { hasLegEvent, insertRefundEvent } from '../../db/events.ts';
import { inTransaction } from '../../db/in-transaction.ts';
import { findLeg } from '../../db/legs.ts';
import {
  findPaymentAtProvider,
  listPaymentSources,
  lockPaymentForUpdate,
  type LockedPayment,
} from '../../db/payments.ts';
import { findProviderRefund, noteTold, readNewestAsOf } from '../../db/provider-refunds.ts';
import type { Database } from '../../db/tables.ts';
import type { DueDelivery } from '../../db/webhook-deliveries.ts';
import { findWebhookSubjects } from '../../db/webhook-subjects.ts';
import type { LegId, PaymentId, RefundId, WebhookDeliveryId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import { evidenceOfMessage, factContext, type ToldMessage } from '../apply-facts.ts';
import { takeInRefunds } from '../bind.ts';
import { inParallel } from '../in-parallel.ts';
import { rememberAttempts } from '../remember-attempts.ts';
import type { World } from '../world.ts';
import type { LookedAtSubjects, Verdict } from './look-at-subjects.ts';
import { inTheirOrder, isOvertaken, toldEnd, type ToldEnd } from './told-facts.ts';
import { push } from './push.ts';

/** A message about a payment that is known here. */
interface Told {
  readonly delivery: DueDelivery;
  readonly legId: LegId | null;
}

/**
 * Draws what follows from signed messages of a provider that cannot be asked (MONEY section 9): they are the evidence,
 * in the order of the time that each tells. All messages about a payment are one transaction under its lock; one that
 * fails delays no other payment, and is tried again.
 */
export async function applyEvidence(
  world: World,
  connection: Connection,
  deliveries: readonly DueDelivery[],
  { isOver }: { readonly isOver: () => boolean },
): Promise<LookedAtSubjects> {
  const verdicts = new Map<WebhookDeliveryId, Verdict>();
  const ids = deliveries.map(({ id }) => id);
  const byId = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
  const byPayment = new Map<PaymentId, Told[]>();
  for (const subject of await findWebhookSubjects(world.db, connection.accountId, ids)) {
    const delivery = byId.get(subject.deliveryId)!;
    // Our reference at another payment is not of our refund: whoever refunds there may write what they like.
    const isOfPayment = subject.providerPaymentId === delivery.providerPaymentId;
    const paymentId = isOfPayment ? subject.paymentId : await findNamedPayment(world, connection, delivery);
    // Its declaration may not be committed yet.
    if (paymentId === null) verdicts.set(delivery.id, { kind: 'unseen' });
    else push(byPayment, paymentId, { delivery, legId: isOfPayment ? subject.legId : null });
  }
  const say = (told: readonly Told[], kind: 'looked' | 'failed'): void => {
    for (const { delivery } of told) verdicts.set(delivery.id, { kind });
  };
  await inParallel(
    [...byPayment],
    connection.maxInFlight,
    async ([paymentId, told]) => {
      if (isOver()) return;
      const changed = await inTransaction(world.db, (tx) =>
        applyToPayment(tx, world, connection, paymentId, told),
      );
      say(told, 'looked');
      for (const refundId of changed) world.changes.announce(refundId);
    },
    ([paymentId, told], error) => {
      world.log.error({ err: error, paymentId }, 'what webhooks told of a payment could not be taken in');
      say(told, 'failed');
    },
  );
  return { verdicts, legIds: [] };
}

async function findNamedPayment(
  { db }: World,
  { merchantId, accountId }: Connection,
  { providerPaymentId }: DueDelivery,
): Promise<PaymentId | null> {
  if (providerPaymentId === null) return null;
  return (await findPaymentAtProvider(db, merchantId, accountId, providerPaymentId))?.id ?? null;
}

async function applyToPayment(
  tx: Kysely<Database>,
  world: World,
  connection: Connection,
  paymentId: PaymentId,
  told: readonly Told[],
): Promise<ReadonlySet<RefundId>> {
  const legOf = new Map(told.map(({ delivery, legId }) => [delivery.id, legId]));
  const changed = new Set<RefundId>();
  for (const delivery of inTheirOrder(told.map((each) => each.delivery))) {
    // Read again for each: the one before may have changed its sums.
    const payment = await lockPaymentForUpdate(tx, connection.merchantId, paymentId);
    if (payment === undefined) throw new Error(`payment ${paymentId} has vanished`);
    const end = toldEnd(delivery);
    const refunds =
      end === undefined
        ? await tellUnrecognised(tx, world, delivery, legOf.get(delivery.id) ?? null)
        : await takeInEnd(tx, world, connection, payment, delivery, end);
    for (const refundId of refunds) changed.add(refundId);
  }
  return changed;
}

async function takeInEnd(
  tx: Kysely<Database>,
  world: World,
  connection: Connection,
  payment: LockedPayment,
  delivery: DueDelivery,
  end: ToldEnd,
): Promise<readonly RefundId[]> {
  const { facts, at } = end;
  const known = await findProviderRefund(tx, connection.accountId, facts.providerRefundId);
  const isOfAnother = known !== undefined && known.payment_id !== payment.id;
  if (isOfAnother || isOvertaken(end, known)) {
    const { id: deliveryId } = delivery;
    world.log.warn(
      { deliveryId, event: delivery.event, paymentId: payment.id },
      isOfAnother
        ? 'a webhook names a refund of another payment; nothing is concluded'
        : 'a webhook came after a later one about its refund; it changed nothing',
    );
    return [];
  }
  // Under the lock nothing that is known is newer, whenever this transaction began.
  const now = payment.locked_at;
  const newest = (await readNewestAsOf(tx, payment.id)) ?? now;
  const context = {
    ...factContext(world, connection, { cause: 'evidence', asOf: newest > now ? newest : now, now }),
    message: messageOf(delivery, at),
  };
  await rememberAttempts(tx, context, payment, [facts]);
  const sources = await listPaymentSources(tx, payment.id);
  const changed = await takeInRefunds(tx, context, payment, sources, [facts]);
  await noteTold(tx, connection.accountId, facts.providerRefundId, at);
  return changed;
}

/** A word that is not known here changes no status: the leg stays as it is, and somebody is called, once. */
async function tellUnrecognised(
  tx: Kysely<Database>,
  world: World,
  delivery: DueDelivery,
  legId: LegId | null,
): Promise<readonly RefundId[]> {
  const leg = legId === null ? undefined : await findLeg(tx, legId);
  if (leg === undefined || delivery.evidence === null) return [];
  const { rawStatus } = delivery.evidence;
  const kind = 'leg.details';
  if (await hasLegEvent(tx, leg, kind, { deliveryId: delivery.id })) return [];
  await insertRefundEvent(tx, {
    merchantId: leg.merchant_id,
    paymentId: leg.payment_id,
    refundId: leg.refund_id,
    legId: leg.id,
    kind,
    from: leg.status,
    to: leg.status,
    source: 'PROVIDER_MESSAGE',
    cause: systemCause,
    evidence: {
      rawStatus,
      ...evidenceOfMessage({ message: messageOf(delivery, new Date(delivery.evidence.at)) }),
    },
  });
  world.alerts.raise(
    'PROVIDER_STATUS_UNRECOGNISED',
    { refundId: leg.refund_id, legId: leg.id, status: leg.status, rawStatus },
    'a person should look at this refund',
  );
  return [leg.refund_id];
}

const messageOf = ({ id, event }: DueDelivery, at: Date): ToldMessage => ({ deliveryId: id, event, at });
