import type { DueDelivery } from '../../db/webhook-deliveries.ts';
import { findWebhookSubjects, makeOperationsDue, type WebhookSubjectRow } from '../../db/webhook-subjects.ts';
import type { LegId, PaymentId, WebhookDeliveryId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import { inParallel } from '../in-parallel.ts';
import { askAboutLegs } from '../looks/look-together.ts';
import { seePayment } from '../see-payment.ts';
import type { World } from '../world.ts';
import { push } from './push.ts';

/** While our own answer is on its way, a message waits for it so long at a time, in milliseconds. */
const behindAnswerMs = 1_000;

/**
 * What became of a message. `unseen`: its payment does not show the refund that it names, or, of evidence, is not known here,
 * and may be so in a moment. `failed`: its subject could not be looked at now.
 */
export type Verdict =
  | { readonly kind: 'looked' | 'unseen' | 'nothing' | 'failed' }
  | { readonly kind: 'wait'; readonly forMs: number };

export interface LookedAtSubjects {
  /** Without those that were not begun. */
  readonly verdicts: ReadonlyMap<WebhookDeliveryId, Verdict>;
  readonly legIds: readonly LegId[];
}

/**
 * Looks at what messages are about: a leg that is known, or the payment, where the refund is not ours, or not known
 * yet. A message is a reason to look and nothing else; what was asked for since it came needs no look, and for what
 * is about nothing of ours nobody is called.
 */
export async function lookAtSubjects(
  world: World,
  connection: Connection,
  deliveries: readonly DueDelivery[],
  { isOver }: { readonly isOver: () => boolean },
): Promise<LookedAtSubjects> {
  const ids = deliveries.map(({ id }) => id);
  const subjects = await findWebhookSubjects(world.db, connection.accountId, ids);
  const verdicts = new Map<WebhookDeliveryId, Verdict>();
  const legs = new Map<LegId, WebhookSubjectRow[]>();
  const payments = new Map<PaymentId, WebhookSubjectRow[]>();
  for (const subject of subjects) {
    const known = verdictBeforeLook(connection, subject);
    if (known !== undefined) verdicts.set(subject.deliveryId, known);
    else if (subject.legId !== null) push(legs, subject.legId, subject);
    else if (subject.paymentId !== null) push(payments, subject.paymentId, subject);
  }
  if (isOver()) return { verdicts, legIds: [] };

  await lookAtNamedLegs(world, connection, legs, verdicts);
  await inParallel(
    [...payments.values()],
    connection.maxInFlight,
    async (named) => {
      if (isOver()) return;
      const sight = await seePayment(world, connection, named[0]!.providerPaymentId!);
      const kind = sight.kind === 'unavailable' ? 'failed' : 'looked';
      for (const { deliveryId } of named) verdicts.set(deliveryId, { kind });
      if (kind === 'looked') await noteUnseen(world, connection, named, verdicts);
    },
    (named, error) => {
      const { paymentId } = named[0]!;
      world.log.error({ err: error, paymentId }, 'a payment that a webhook named could not be taken in');
      for (const { deliveryId } of named) verdicts.set(deliveryId, { kind: 'failed' });
    },
  );
  await makeOperationsDue(world.db, connection.accountId, [...payments.keys()]);
  return { verdicts, legIds: [...legs.keys()] };
}

/** What can be said of a message without asking anybody; undefined: it is a reason to look. */
function verdictBeforeLook(connection: Connection, subject: WebhookSubjectRow): Verdict | undefined {
  if (subject.paymentId === null) return { kind: 'nothing' };
  const isOfLeg = subject.legId !== null;
  // A list may lag behind what its provider tells: a payment that was asked for did not have to show the refund yet.
  if (subject.isSeenSince && (isOfLeg || subject.isKnown)) return { kind: 'looked' };
  if (subject.isBeingSent) return { kind: 'wait', forMs: behindAnswerMs };
  // Where anybody may send them, neither repetitions nor invented refunds must make us ask all the time.
  const isAsked =
    connection.adapter.webhooks?.verifiedBy === 'NOTHING' && (subject.isSeenSinceFirst || !isOfLeg);
  const tooSoonMs = connection.minLookIntervalMs - subject.ageMs;
  return isAsked && tooSoonMs > 0 ? { kind: 'wait', forMs: tooSoonMs } : undefined;
}

/** Of messages whose payment was read just now: those whose refund it has not shown. */
async function noteUnseen(
  world: World,
  connection: Connection,
  named: readonly WebhookSubjectRow[],
  verdicts: Map<WebhookDeliveryId, Verdict>,
): Promise<void> {
  const unknown = named.filter(({ isKnown }) => !isKnown).map(({ deliveryId }) => deliveryId);
  for (const { deliveryId, isKnown } of await findWebhookSubjects(world.db, connection.accountId, unknown))
    if (!isKnown) verdicts.set(deliveryId, { kind: 'unseen' });
}

/** All in one plan of looks; one that could not be asked has them all tried again, which those answered pass over. */
async function lookAtNamedLegs(
  world: World,
  connection: Connection,
  legs: ReadonlyMap<LegId, readonly WebhookSubjectRow[]>,
  verdicts: Map<WebhookDeliveryId, Verdict>,
): Promise<void> {
  if (legs.size === 0) return;
  const wanted = [...legs].map(([legId, named]) => ({
    legId,
    // A look that anybody began after the last of its messages had come tells all that they could.
    after: new Date(Math.max(...named.map(({ receivedAt }) => receivedAt.getTime()))),
  }));
  const { failures, missed } = await askAboutLegs(world, connection, wanted);
  const kind = failures.length + missed.length === 0 ? 'looked' : 'failed';
  for (const { deliveryId } of [...legs.values()].flat()) verdicts.set(deliveryId, { kind });
}
