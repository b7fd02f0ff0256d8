import type { Protocol, Side } from './alternate.ts';
import type { Cores } from './cores.ts';
import type { BenchServer } from './database.ts';
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

/** A service under load as one side of a comparison, with the CPU time that it and PostgreSQL took. */
export function sideOf(
  { load, server }: Run,
  service: Service,
  order: Pick<LoadOrder, 'clients' | 'operation'>,
  before: () => Promise<unknown> = () => Promise.resolve(),
): Side {
  return async (ms) => {
    await before();
    const [cpuMs, postgresMs] = [cpuMsOf(service.child.pid), server.cpuMs()];
    const { perSecond, done } = await load.run({ urls: [service.url], key: apiKey, ms, ...order });
    return {
      perSecond,
      cpuMs: (cpuMsOf(service.child.pid) - cpuMs) / done,
      postgresMs: (server.cpuMs() - postgresMs) / done,
    };
  };
}
