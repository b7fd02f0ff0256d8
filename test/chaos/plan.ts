import type { FaultInput } from '../../sandbox/faults.ts';
import { planFault } from './plan-faults.ts';
import { pickProvider, planPayment, type PlannedPayment } from './plan-payments.ts';
import { providerNames, tellers, traits, type Provider } from './providers.ts';
import type { Random } from './random.ts';

/** What is done to the system at one moment of the run. Times are milliseconds from its start. */
export type Trouble = { readonly atMs: number } & (
  | { readonly kind: 'provider'; readonly fault: FaultInput }
  | { readonly kind: 'payment'; readonly payment: PlannedPayment }
  | { readonly kind: 'console-refund'; readonly payment: number; readonly percent: number }
  | {
      readonly kind: 'mode';
      readonly provider: Provider;
      readonly mode: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'settle';
      readonly provider: Provider;
      readonly status: 'succeeded' | 'failed' | 'canceled';
    }
  | {
      readonly kind: 'webhooks';
      readonly provider: Provider;
      readonly mode: WebhookMode;
      readonly api: 0 | 1;
    }
  | { readonly kind: 'kill'; readonly process: ProcessName; readonly downMs: number }
  | { readonly kind: 'pause'; readonly process: ProcessName; readonly forMs: number }
  | { readonly kind: 'database'; readonly stop: 'fast' | 'immediate' }
  | { readonly kind: 'sandbox'; readonly downMs: number }
  | { readonly kind: 'cut'; readonly proxy: ProxyName; readonly how: 'reset' | 'end' }
  | { readonly kind: 'delay'; readonly proxy: ProxyName; readonly ms: number; readonly forMs: number }
  | { readonly kind: 'hold' | 'refuse'; readonly proxy: ProxyName; readonly forMs: number }
);

export type ProxyName = 'database' | Provider;
export const processNames = ['api-1', 'api-2', 'worker'] as const;
export type ProcessName = (typeof processNames)[number];

const webhookModes = { on: 4, duplicate: 2, reorder: 2, forge: 2, off: 1 } as const;
export type WebhookMode = keyof typeof webhookModes;

export interface Plan {
  /** Those that are there before the clients start. */
  readonly payments: readonly PlannedPayment[];
  readonly troubles: readonly Trouble[];
}

/** Everything that happens to the system, from the seed alone. */
export function makePlan(random: Random, seconds: number): Plan {
  const payments = planPayments(random.fork('payments'), seconds);
  const streams = Object.entries(everyMs).map(([kind, gapMs]) =>
    stream(random.fork(kind), kind as Trouble['kind'], gapMs, seconds * 1000, payments.length),
  );
  return { payments, troubles: streams.flat().toSorted((a, b) => a.atMs - b.atMs) };
}

/** How often each kind of trouble comes, on average. */
const everyMs: Readonly<Record<Trouble['kind'], number>> = {
  provider: 350,
  payment: 3_000,
  'console-refund': 2_000,
  mode: 2_500,
  settle: 1_500,
  webhooks: 1_500,
  kill: 6_000,
  pause: 9_000,
  database: 14_000,
  sandbox: 23_000,
  cut: 2_000,
  delay: 9_000,
  hold: 12_000,
  refuse: 15_000,
};

function stream(
  random: Random,
  kind: Trouble['kind'],
  gapMs: number,
  untilMs: number,
  payments: number,
): Trouble[] {
  const troubles: Trouble[] = [];
  for (let atMs = random.int(0, gapMs); atMs < untilMs; atMs += random.int(gapMs / 4, gapMs * 1.75))
    troubles.push(one(random, kind, Math.round(atMs), payments));
  return troubles;
}

function one(random: Random, kind: Trouble['kind'], atMs: number, payments: number): Trouble {
  const provider = pickProvider(random);
  const proxy = random.chance(0.25) ? 'database' : provider;
  switch (kind) {
    case 'provider':
      return { atMs, kind, fault: planFault(random, provider) };
    case 'payment':
      return { atMs, kind, payment: planPayment(random) };
    case 'console-refund':
      return { atMs, kind, payment: random.int(0, payments - 1), percent: random.int(1, 40) };
    case 'mode':
      return { atMs, kind, provider, mode: random.pick(traits[provider].modes) };
    case 'settle':
      return { atMs, kind, provider, status: random.pick(traits[provider].settles) };
    case 'webhooks': {
      const teller = pickProvider(random, tellers);
      return { atMs, kind, provider: teller, mode: random.weighted(webhookModes), api: random.pick([0, 1]) };
    }
    case 'kill':
      return { atMs, kind, process: random.pick(processNames), downMs: random.int(0, 1_500) };
    case 'pause':
      return { atMs, kind, process: random.pick(processNames), forMs: random.int(500, 6_000) };
    case 'database':
      return { atMs, kind, stop: random.pick(['fast', 'immediate']) };
    case 'sandbox':
      return { atMs, kind, downMs: random.int(0, 1_500) };
    case 'cut':
      return { atMs, kind, proxy, how: random.pick(['reset', 'end']) };
    case 'delay':
      return { atMs, kind, proxy, ms: random.int(5, 120), forMs: random.int(500, 3_000) };
    case 'hold':
    case 'refuse':
      return { atMs, kind, proxy, forMs: random.int(200, 3_000) };
  }
}

/** A few of every provider, then by their shares. */
function planPayments(random: Random, seconds: number): PlannedPayment[] {
  const count = Math.min(400, 40 + Math.round(seconds / 2));
  const first = providerNames.flatMap((name) => [name, name]);
  return Array.from({ length: count }, (_, index) => planPayment(random, first[index]));
}

/** One line that tells two plans apart and shows what is in them. */
export function describePlan({ payments, troubles }: Plan): string {
  const code = (trouble: Trouble): string => {
    const at = (trouble.atMs / 1000).toFixed(1);
    if (trouble.kind === 'provider') return `${at}:${trouble.fault.provider}.${trouble.fault.kind}`;
    const { atMs: _, ...rest } = trouble;
    const said = Object.values(rest).map((value) =>
      typeof value === 'object' ? Object.values(value).map(shortly).join('/') : value,
    );
    return `${at}:${said.join('.')}`;
  };
  return `${payments.length} payments; ${troubles.map(code).join(' ')}`;
}

/** A list by its length: what is in it follows from the seed. */
const shortly = (value: unknown): string => (Array.isArray(value) ? `${value.length} lines` : String(value));
