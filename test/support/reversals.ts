import type { ProviderAdapter, RefundFacts } from '../../src/providers/provider.ts';
import { failure } from '../../src/providers/failure.ts';
import type { World } from '../../src/refunds/world.ts';
import type { TestWorld } from './world.ts';

/** A YooKassa that takes succeeded refunds back: none documents that it does, and the sandbox does not. */
export interface Reversals {
  /** Reads the provider through the reversals; sends what it always sends. */
  readonly world: World;
  /** The provider's ids of the refunds that came back. */
  readonly ids: ReadonlySet<string>;
  /** From now on this refund is FAILED, and its amount no part of what the provider has returned. */
  reverse(refund: {
    readonly id: string;
    readonly providerPaymentId: string;
    readonly amountMinor: bigint;
  }): void;
}

const cameBack = failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', 'The money came back.', 'canceled');

/**
 * @param room how many times the payment's amount the sandbox must hold: it never takes a refund back, so
 *   that whatever is refunded again needs its own room there; for payments of one seller
 */
export async function createReversals(t: TestWorld, room = 1n): Promise<Reversals> {
  const ids = new Set<string>();
  const minorOf = new Map<string, bigint>();
  const adapter: ProviderAdapter = t.world.connections.findByCode(
    t.caller().viewer.merchantId,
    'yookassa-demo',
  )!.adapter;
  const shown = (facts: RefundFacts): RefundFacts =>
    ids.has(facts.providerRefundId)
      ? { ...facts, status: 'FAILED', rawStatus: 'canceled', failure: cameBack }
      : facts;
  const world = await t.replica({
    adapter: {
      async readPayment(access, id) {
        const look = await adapter.readPayment(access, id);
        if (look.kind !== 'found') return look;
        const { payment, refunds } = look.value;
        const { refundedMinor } = payment;
        const backMinor = minorOf.get(id) ?? 0n;
        return {
          kind: 'found',
          value: {
            payment: {
              ...payment,
              amount: { ...payment.amount, minor: payment.amount.minor / room },
              capturedMinor: payment.capturedMinor / room,
              refundedMinor: refundedMinor === null ? null : refundedMinor - backMinor,
              // With everything returned a payment is no longer refundable there, until some of it came back.
              refundableByProvider: payment.refundableByProvider || backMinor > 0n,
            },
            refunds: refunds.map(shown),
          },
        };
      },
      async readRefund(access, id) {
        const look = await adapter.readRefund(access, id);
        return look.kind === 'found' ? { kind: 'found', value: shown(look.value) } : look;
      },
      async listRefunds(access, query) {
        const look = await adapter.listRefunds(access, query);
        return look.kind === 'found'
          ? { kind: 'found', value: { ...look.value, refunds: look.value.refunds.map(shown) } }
          : look;
      },
    },
  });
  return {
    world,
    ids,
    reverse({ id, providerPaymentId, amountMinor }) {
      ids.add(id);
      minorOf.set(providerPaymentId, (minorOf.get(providerPaymentId) ?? 0n) + amountMinor);
    },
  };
}
