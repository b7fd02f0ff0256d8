import type { RefundId } from '../../src/ids.ts';
import type { RefundFacts } from '../../src/providers/provider.ts';
import type { Verdict } from '../../src/refunds/resolvable.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { resolveRefund } from '../../src/refunds/resolve-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { armFault, refundCommand, refundRow, valueOf } from './rules.ts';
import type { TestWorld } from './world.ts';

type Returned = Extract<Verdict, { kind: 'returned' }>;

export const returned = (minor: bigint, more: Partial<Returned> = {}): Verdict => ({
  kind: 'returned',
  amount: { minor, currency: 'RUB' },
  legId: null,
  providerRefundId: null,
  ...more,
});

export const notReturned: Verdict = { kind: 'notReturned', legId: null };

/** A refund whose answer was lost: before the provider executed it, or after. */
export async function lostRefund(
  t: TestWorld,
  paymentId: string,
  minor: bigint,
  kind: 'lost-before-effect' | 'lost-after-effect' = 'lost-before-effect',
): Promise<RefundId> {
  await armFault(t, kind);
  return valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, minor))).refundId;
}

/** A verdict by somebody who has just looked at the refund. */
export async function resolve(t: TestWorld, refundId: RefundId, verdict: Verdict, world: World = t.world) {
  const { version } = await refundRow(t, refundId);
  return resolveRefund(world, t.caller(), {
    refundId,
    expectedVersion: version,
    verdict,
    evidence: 'Seen in the merchant profile.',
  });
}

/** A YooKassa whose refunds of a payment are of another amount, or stand otherwise, than in the sandbox's books. */
export async function createLiar(t: TestWorld): Promise<{
  readonly world: World;
  /** From now on, of all refunds of this payment. */
  lie(providerPaymentId: string, lie: { minor?: bigint; status?: RefundFacts['status'] }): void;
}> {
  const lies = new Map<string, { minor?: bigint; status?: RefundFacts['status'] }>();
  const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  const told = (facts: RefundFacts): RefundFacts => {
    const lie = lies.get(facts.providerPaymentId);
    const minor = lie?.minor ?? facts.amount.minor;
    return { ...facts, amount: { ...facts.amount, minor }, status: lie?.status ?? facts.status };
  };
  const world = await t.replica({
    adapter: {
      async sendRefund(...sent) {
        const outcome = await adapter.sendRefund(...sent);
        return outcome.kind === 'accepted' ? { ...outcome, refund: told(outcome.refund) } : outcome;
      },
      async readRefund(access, id) {
        const look = await adapter.readRefund(access, id);
        return look.kind === 'found' ? { kind: 'found', value: told(look.value) } : look;
      },
      async readPayment(access, id) {
        const look = await adapter.readPayment(access, id);
        if (look.kind !== 'found') return look;
        return { kind: 'found', value: { ...look.value, refunds: look.value.refunds.map(told) } };
      },
      async listRefunds(access, query) {
        const look = await adapter.listRefunds(access, query);
        if (look.kind !== 'found') return look;
        return { kind: 'found', value: { ...look.value, refunds: look.value.refunds.map(told) } };
      },
    },
  });
  return { world, lie: (id, lie) => lies.set(id, { ...lies.get(id), ...lie }) };
}
