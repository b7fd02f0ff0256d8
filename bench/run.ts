import type { Protocol, Side } from './alternate.ts';
import type { Cores } from './cores.ts';
import type { BenchDatabase, BenchServer } from './database.ts';
import type { LoadGenerator } from './load-generator.ts';
import type { LoadOrder } from './load-orders.ts';
import { cpuMsOf } from './process-figures.ts';
import { apiKey, type BenchAccount, type Service } from './service.ts';

/** What every measure is given. */
export interface Run {
  readonly cores: Cores;
  readonly server: BenchServer;
  readonly load: LoadGenerator;
  readonly protocol: Protocol;
  readonly isQuick: boolean;
  /** The account of a provider that answers at once. */
  readonly instantAccount: BenchAccount;
  /** Codes of the providers that take part where several can; empty: all that the sandbox has. */
  readonly providers: readonly string[];
}

/** One line of the table of bars. */
export interface Bar {
  readonly what: string;
  readonly against: string;
  readonly bar: string;
  readonly measured: string;
  /** Undefined: the figure is void, or there was none. */
  readonly isMet: boolean | undefined;
  readonly reason: string;
}

/** A part of the report: lines of the table of bars, and what is said below it, as Markdown. */
export interface Finding {
  readonly bars: readonly Bar[];
  readonly details: string;
}

/** A service under load as one side of a comparison, with the CPU time of its process. */
export function sideOf(
  load: LoadGenerator,
  service: Service,
  order: Pick<LoadOrder, 'clients' | 'operation'>,
  before: () => Promise<unknown> = () => Promise.resolve(),
): Side {
  return async (ms) => {
    await before();
    const startedCpuMs = cpuMsOf(service.child.pid);
    const { perSecond, done } = await load.run({ url: service.url, key: apiKey, ms, ...order });
    return { perSecond, cpuMs: (cpuMsOf(service.child.pid) - startedCpuMs) / done };
  };
}

/** How many payments a load of createRefund goes round. */
const PAYMENTS = 2_000;

/**
 * Captured payments of an account that the service has in its database, as if it had read them. The service must
 * have started once: it makes the account.
 */
export async function insertPayments(database: BenchDatabase, accountCode: string): Promise<string[]> {
  await database.run(`
    INSERT INTO payments (id, merchant_id, account_id, provider_payment_id, state, raw_status, method, currency,
      amount_minor, captured_minor, refundable_by_provider, provider_created_at, captured_at, as_of)
    SELECT gen_random_uuid(), a.merchant_id, a.id, 'bench-payment-' || n, 'CAPTURED', 'succeeded', 'bank_card', 'RUB',
      1000000000, 1000000000, true, now(), now(), now()
    FROM accounts a, generate_series(1, ${PAYMENTS}) n WHERE a.code = '${accountCode}';
    INSERT INTO payment_sources (id, merchant_id, payment_id, seller, captured_minor)
    SELECT gen_random_uuid(), merchant_id, id, '${accountCode}', captured_minor FROM payments`);
  return Array.from({ length: PAYMENTS }, (_, index) => `bench-payment-${index + 1}`);
}

/** Facts of a payment count as fresh for a minute: shorter than a measure, longer than a window. */
export const refreshPayments = (database: BenchDatabase): Promise<unknown> =>
  database.run('UPDATE payments SET as_of = now()');
