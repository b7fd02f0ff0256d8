import { setTimeout as sleep } from 'node:timers/promises';
import { makePayment } from './payments.ts';
import type { Trouble } from './plan.ts';
import type { Stage } from './stage.ts';
import { decimal, type LivePayment } from './wish.ts';

/** How often each kind of trouble happened; those of the provider by the kind of fault. */
export type Counts = Map<string, number>;

const count = (counts: Counts, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

/**
 * Makes the troubles of a plan, each at its time. Resolves when all have happened and what they stopped runs again.
 *
 * @param payments to which those are added that are made meanwhile
 * @param stop ends it early
 */
export async function makeTrouble(
  stage: Stage,
  payments: LivePayment[],
  troubles: readonly Trouble[],
  stop: AbortSignal,
): Promise<Counts> {
  const counts: Counts = new Map();
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  for (const trouble of troubles) {
    const waitMs = startedAt + trouble.atMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) break;
    running.push(make(stage, payments, trouble, counts));
  }
  await Promise.all(running);
  return counts;
}

async function make(stage: Stage, payments: LivePayment[], trouble: Trouble, counts: Counts): Promise<void> {
  const { control, services, proxies, sandbox } = stage;
  switch (trouble.kind) {
    case 'provider':
      await control('faults', trouble.fault);
      return count(counts, `${trouble.fault.kind}`);
    case 'payment':
      payments.push(await makePayment(stage, trouble.payment));
      return count(counts, 'payment made meanwhile');
    case 'console-refund': {
      const payment = payments[trouble.payment]!;
      return (await consoleRefund(stage, payment, trouble.percent)) ? count(counts, trouble.kind) : undefined;
    }
    case 'mode':
      await control('mode', { provider: trouble.provider, ...trouble.mode });
      return count(counts, `mode ${trouble.mode['refunds']}`);
    case 'settle':
      await control('settle', { provider: trouble.provider, all: true, status: trouble.status });
      return count(counts, `settled as ${trouble.status}`);
    case 'webhooks': {
      const { provider, mode, api } = trouble;
      await control('webhooks', { provider, mode, url: stage.relay.urlFor(provider, api, mode === 'forge') });
      return count(counts, `webhooks ${mode}`);
    }
    case 'kill':
      return (await services[trouble.process].kill(trouble.downMs)) ? count(counts, 'kill -9') : undefined;
    case 'pause':
      count(counts, 'stopped and continued');
      return services[trouble.process].pause(trouble.forMs);
    case 'database':
      count(counts, `database ${trouble.stop}`);
      return stage.restartDatabase(trouble.stop);
    case 'sandbox':
      return (await sandbox.kill(trouble.downMs)) ? count(counts, 'provider kill -9') : undefined;
    case 'cut':
      count(counts, `cut ${trouble.proxy}`);
      return proxies[trouble.proxy].cut(trouble.how);
    case 'delay': {
      count(counts, `delay ${trouble.proxy}`);
      const proxy = proxies[trouble.proxy];
      proxy.delay({ toServer: trouble.ms, toClient: trouble.ms });
      await sleep(trouble.forMs);
      return proxy.delay({ toServer: 0, toClient: 0 });
    }
    case 'hold':
    case 'refuse': {
      count(counts, `${trouble.kind} ${trouble.proxy}`);
      const proxy = proxies[trouble.proxy];
      if (trouble.kind === 'hold') proxy.hold();
      else proxy.refuse();
      await sleep(trouble.forMs);
      return proxy.pass();
    }
  }
}

/** Somebody refunds in the provider's console. False when the provider's own rules refuse it. */
async function consoleRefund(stage: Stage, payment: LivePayment, percent: number): Promise<boolean> {
  const [source] = payment.sources;
  const of = source?.minor ?? payment.minor;
  const amount = {
    value: decimal(Math.max(100, Math.floor((of * percent) / 100))),
    currency: payment.currency,
  };
  const fee = { value: '0.00', currency: payment.currency };
  const body = {
    provider: payment.provider,
    reference: payment.reference,
    amount,
    ...(source === undefined ? {} : { source: { account: source.seller, platformFee: fee } }),
  };
  return stage.control('console-refund', body).then(
    () => true,
    (error: unknown) => {
      if (error instanceof RangeError) return false;
      throw error;
    },
  );
}
