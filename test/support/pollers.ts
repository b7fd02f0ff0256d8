import { expect } from 'vitest';
import type { LegId, PaymentId, RefundId } from '../../src/ids.ts';
import type { LookDesk } from '../../src/refunds/looks/look-desk.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { encodeGlobalId } from '../../src/resolvers/global-id.ts';
import { ask } from './execute.ts';
import { refundCommand, refundRow, valueOf } from './rules.ts';
import type { TestWorld } from './world.ts';

/** A refund that is under way at the provider. */
export interface PolledRefund {
  readonly id: RefundId;
  readonly legId: LegId;
  readonly paymentId: PaymentId;
  readonly providerPaymentId: string;
}

/** Refunds of payments of their own, made one after the other; the provider has to keep them pending. */
export async function polledRefunds(t: TestWorld, count: number): Promise<PolledRefund[]> {
  const refunds: PolledRefund[] = [];
  for (let index = 0; index < count; index += 1) {
    const providerPaymentId = await t.payment('1500.00');
    const created = valueOf(
      await createRefund(t.world, t.caller(), refundCommand(providerPaymentId, 1_000n)),
    );
    const refund = await refundRow(t, created.refundId);
    expect(refund.status).toBe('PENDING');
    refunds.push({
      id: refund.id,
      legId: refund.legs[0]!.id,
      paymentId: refund.payment_id,
      providerPaymentId,
    });
  }
  return refunds;
}

export interface Polled {
  readonly status: string;
  readonly freshness: { readonly asOf: string; readonly isStale: boolean };
}

/** One poll of a screen that shows these refunds. */
export async function poll(
  t: TestWorld,
  world: World,
  refunds: readonly PolledRefund[],
  { maxAgeSeconds = 5, waitMs = 10_000, merchant = 'demo' as 'demo' | 'other' } = {},
): Promise<readonly Polled[]> {
  const data = await ask<{ refunds: { nodes: Polled[] } }>(
    world,
    t.caller(merchant),
    `query ($ids: [ID!]!, $maxAgeSeconds: Int, $waitMs: Int) {
      refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) {
        nodes { status freshness { asOf isStale } } } }`,
    { ids: refunds.map(({ id }) => encodeGlobalId('Refund', id)), maxAgeSeconds, waitMs },
  );
  return data.refunds.nodes;
}

/** So many pollers at once, in turns by these processes. */
export const pollMany = (
  t: TestWorld,
  worlds: readonly World[],
  count: number,
  refunds: readonly PolledRefund[],
  options: Parameters<typeof poll>[3] = {},
): Promise<readonly (readonly Polled[])[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) => poll(t, worlds[index % worlds.length]!, refunds, options)),
  );

const isEmpty = ({ entries, lines, elsewhere, isWatching }: LookDesk): boolean =>
  entries.size + lines.size + elsewhere.size === 0 && !isWatching;

/** Nothing is left of what anybody has waited for. */
export const isDeskEmpty = ({ looks }: World): boolean => isEmpty(looks.legs) && isEmpty(looks.payments);
