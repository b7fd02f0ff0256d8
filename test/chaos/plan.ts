import type { FaultInput } from '../../sandbox/faults.ts';
import type { Random } from './random.ts';

/** What is done to the system at one moment of the run. Times are milliseconds from its start. */
export type Trouble = { readonly atMs: number } & (
  | { readonly kind: 'provider'; readonly fault: FaultInput }
  | { readonly kind: 'console-refund'; readonly payment: number; readonly percent: number }
  | { readonly kind: 'mode'; readonly provider: Provider; readonly refunds: 'instant' | 'pending' }
  | { readonly kind: 'settle'; readonly provider: Provider; readonly status: 'succeeded' | 'failed' }
  | { readonly kind: 'kill'; readonly process: ProcessName; readonly downMs: number }
  | { readonly kind: 'pause'; readonly process: ProcessName; readonly forMs: number }
  | { readonly kind: 'database'; readonly stop: 'fast' | 'immediate' }
  | { readonly kind: 'sandbox'; readonly downMs: number }
  | { readonly kind: 'cut'; readonly proxy: ProxyName; readonly how: 'reset' | 'end' }
  | { readonly kind: 'delay'; readonly proxy: ProxyName; readonly ms: number; readonly forMs: number }
  | { readonly kind: 'hold' | 'refuse'; readonly proxy: ProxyName; readonly forMs: number }
);

export type Provider = 'yookassa' | 'razorpay';
export type ProxyName = 'database' | Provider;
export const processNames = ['api-1', 'api-2', 'worker'] as const;
export type ProcessName = (typeof processNames)[number];

/** A payment of the run: made before the clients start. */
export interface PlannedPayment {
  readonly provider: Provider;
  readonly account: string;
  readonly currency: string;
  readonly minor: number;
  readonly kind: 'plain' | 'split' | 'hold';
}

export interface Plan {
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
  provider: 450,
  'console-refund': 2_000,
  mode: 5_000,
  settle: 3_000,
  kill: 6_000,
  pause: 9_000,
  database: 14_000,
  sandbox: 23_000,
  cut: 2_500,
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
  const proxy = random.pick(['database', 'yookassa', 'yookassa', 'razorpay'] as const);
  const provider = random.pick(['yookassa', 'yookassa', 'razorpay'] as const);
  switch (kind) {
    case 'provider':
      return { atMs, kind, fault: planFault(random, provider) };
    case 'console-refund':
      return { atMs, kind, payment: random.int(0, payments - 1), percent: random.int(1, 40) };
    case 'mode':
      return { atMs, kind, provider, refunds: random.pick(['instant', 'pending']) };
    case 'settle':
      return { atMs, kind, provider, status: random.chance(0.75) ? 'succeeded' : 'failed' };
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

/**
 * Every kind of fault of the sandbox but `key-forgotten`: a provider that forgets a key within its life makes two
 * refunds of one, which is its own breach of I3. A test of its own shows what we do then (test/refunds/lost-answers).
 */
const faultKinds = {
  'lost-after-effect': 4,
  'lost-before-effect': 3,
  'error-after-effect': 3,
  'error-before-effect': 2,
  'connect-refused': 0.5,
  hang: 1,
  slow: 3,
  'cut-body': 3,
  'rate-limited': 1,
  unauthorized: 0.5,
  forbidden: 0.3,
  busy: 1,
  garbage: 2,
  'wrong-amount': 0.7,
  'unknown-status': 1,
  refuse: 2,
  pending: 3,
  'list-lag': 1,
  'key-in-progress': 1,
  'key-conflict': 0.5,
} as const;

function planFault(random: Random, provider: Provider): FaultInput {
  const kind = random.weighted(faultKinds);
  const base = { provider, kind, times: random.int(1, 2) };
  const ours = { ...base, operation: 'createRefund' } as const;
  const any = {
    ...base,
    operation: random.pick([
      'createRefund',
      'createRefund',
      'getRefund',
      'listRefunds',
      'getPayment',
    ] as const),
  };
  switch (kind) {
    case 'connect-refused':
      return { ...base, operation: '*', seconds: random.int(1, 2) };
    case 'slow':
      return { ...any, ms: random.int(200, 4_000), when: random.pick(['before', 'after']) };
    case 'hang':
      return { ...any, effect: random.chance(0.5) };
    case 'garbage':
      return { ...any, status: random.pick([200, 502]), effect: random.chance(0.5) };
    case 'rate-limited':
      return { ...any, retryAfterMs: random.int(100, 2_000) };
    case 'list-lag':
      return { ...base, operation: 'listRefunds', seconds: random.int(5, 60) };
    case 'refuse':
      return { ...ours, code: refusals[provider][random.int(0, 1)]! };
    // Wrong figures in a list would be imported as what the provider says; only of an answer do we know better.
    case 'wrong-amount':
    case 'pending':
    case 'key-in-progress':
    case 'key-conflict':
    case 'busy':
      return ours;
    default:
      return any;
  }
}

const refusals: Readonly<Record<Provider, readonly [string, string]>> = {
  yookassa: ['insufficient_funds', 'not_supported'],
  razorpay: ['failed', 'balance'],
};

function planPayments(random: Random, seconds: number): PlannedPayment[] {
  const count = Math.min(400, 24 + Math.round(seconds / 2));
  return Array.from({ length: count }, (_, index): PlannedPayment => {
    const kind = random.weighted({ plain: 6, split: 2, hold: 1 });
    const minor = random.int(1_000, 9_000) * 100;
    if (kind === 'plain' && index % 3 === 0)
      return {
        provider: 'razorpay',
        account: 'razorpay-demo',
        currency: random.pick(['MYR', 'INR']),
        minor,
        kind,
      };
    const account = random.chance(0.15) && kind === 'plain' ? 'yookassa-other' : 'yookassa-demo';
    return { provider: 'yookassa', account, currency: 'RUB', minor, kind };
  });
}

/** One line that tells two plans apart and shows what is in them. */
export function describePlan({ payments, troubles }: Plan): string {
  const code = (trouble: Trouble): string => {
    const at = (trouble.atMs / 1000).toFixed(1);
    if (trouble.kind === 'provider') return `${at}:${trouble.fault.provider[0]}.${trouble.fault.kind}`;
    const { atMs: _, ...rest } = trouble;
    return `${at}:${Object.values(rest).join('.')}`;
  };
  return `${payments.length} payments; ${troubles.map(code).join(' ')}`;
}
