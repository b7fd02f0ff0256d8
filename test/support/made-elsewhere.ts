import pino from 'pino';
import { systemCause } from '../../src/context.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { listLegs } from '../../src/db/legs.ts';
import { lockPaymentForUpdate } from '../../src/db/payments.ts';
import type { RefundId } from '../../src/ids.ts';
import type { Connection } from '../../src/providers/connections.ts';
import type { ProviderAdapter, RefundFacts } from '../../src/providers/provider.ts';
import { moveLeg } from '../../src/refunds/move-leg.ts';
import { seePayment, type Sight } from '../../src/refunds/see-payment.ts';
import type { World } from '../../src/refunds/world.ts';
import { createTestWorld, type TestWorld } from './world.ts';

/** What the tests about refunds made elsewhere share: who looks, and what is called out. */
export interface ElsewhereWorld {
  readonly t: TestWorld;
  /** The alerts since the last call, by code. */
  alerts(): string[];
  connection(world?: World): Connection;
  see(paymentId: string, world?: World): Promise<Sight>;
  /** A process to which the provider shows its refunds changed, in every read. */
  showing(change: (facts: RefundFacts) => RefundFacts | undefined): Promise<World>;
  /** A person decides, of a refund of one leg, that it was returned or that it never happened. */
  decide(refundId: RefundId, to: 'SUCCEEDED' | 'FAILED'): Promise<void>;
}

export async function createElsewhereWorld(name: string): Promise<ElsewhereWorld> {
  const raised: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => note(raised, line) });
  const t = await createTestWorld(name, log);
  const { merchantId } = t.caller().viewer;
  const connection = (world: World = t.world) => world.connections.findByCode(merchantId, 'yookassa-demo')!;
  return {
    t,
    connection,
    alerts: () => raised.splice(0),
    see: (paymentId, world = t.world) => seePayment(world, connection(world), paymentId),
    showing: (change) => t.replica({ log, adapter: changed(connection().adapter, change) }),
    async decide(refundId, to) {
      const { db } = t.database;
      await inTransaction(db, async (tx) => {
        const [known] = await listLegs(tx, refundId);
        const payment = await lockPaymentForUpdate(tx, merchantId, known!.payment_id);
        const legs = await listLegs(tx, refundId);
        await moveLeg(tx, payment!, legs, legs[0]!, {
          to,
          cause: 'verdict',
          source: 'API',
          by: systemCause,
          patch: { nextLookInMs: null },
        });
      });
    },
  };
}

/** For `showing`: the provider does not give our references back. */
export const withoutReferences = (facts: RefundFacts): RefundFacts => ({ ...facts, ourReference: null });

function note(raised: string[], line: string): void {
  const { alert } = JSON.parse(line) as { alert?: string };
  if (alert !== undefined) raised.push(alert);
}

function changed(
  adapter: ProviderAdapter,
  change: (facts: RefundFacts) => RefundFacts | undefined,
): Partial<ProviderAdapter> {
  const all = (refunds: readonly RefundFacts[]) => refunds.flatMap((facts) => change(facts) ?? []);
  return {
    async readPayment(access, id) {
      const look = await adapter.readPayment(access, id);
      return look.kind === 'found'
        ? { kind: 'found', value: { ...look.value, refunds: all(look.value.refunds) } }
        : look;
    },
    async readRefund(access, id) {
      const look = await adapter.readRefund(access, id);
      if (look.kind !== 'found') return look;
      const facts = change(look.value);
      return facts === undefined ? { kind: 'absent' } : { kind: 'found', value: facts };
    },
    async listRefunds(access, query) {
      const look = await adapter.listRefunds(access, query);
      return look.kind === 'found'
        ? { kind: 'found', value: { ...look.value, refunds: all(look.value.refunds) } }
        : look;
    },
  };
}
