import type { FaultInput, FaultKind } from '../../sandbox/faults.ts';
import { operationsOf, traits, type Provider } from './providers.ts';
import type { Random } from './random.ts';

/**
 * How often each kind of fault of the sandbox is made; all but `key-forgotten`: a provider that forgets a key within its
 * life makes two refunds of one, which is its own breach of I3. Tests of their own show what we do then
 * (test/refunds/lost-answers).
 */
export const faultWeights = {
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
  processing: 1,
  garbage: 2,
  'wrong-amount': 0.7,
  'unknown-status': 1,
  refuse: 2,
  pending: 3,
  'list-lag': 1,
  'key-in-progress': 1,
  'key-conflict': 0.5,
} as const satisfies Record<Exclude<FaultKind, 'key-forgotten'>, number>;

const kinds = Object.keys(faultWeights) as (keyof typeof faultWeights)[];

/** A fault of a kind that can happen at this provider, half of them at the call that moves money. */
export function planFault(random: Random, provider: Provider): FaultInput {
  const possible = Object.fromEntries(
    kinds.filter((kind) => operationsOf(provider, kind).length > 0).map((kind) => [kind, faultWeights[kind]]),
  );
  const kind = random.weighted(possible) as keyof typeof faultWeights;
  const operations = operationsOf(provider, kind);
  const isOfSends = operations.includes('createRefund') && random.chance(0.5);
  const operation = isOfSends ? 'createRefund' : random.pick(operations);
  const fault = { provider, kind, operation, times: random.int(1, 2) };
  switch (kind) {
    case 'connect-refused':
      return { ...fault, operation: '*', seconds: random.int(1, 2) };
    case 'slow':
      return { ...fault, ms: random.int(200, 4_000), when: random.pick(['before', 'after']) };
    case 'hang':
    case 'processing':
      return { ...fault, effect: random.chance(0.5) };
    case 'garbage':
      return { ...fault, status: random.pick([200, 502]), effect: random.chance(0.5) };
    case 'rate-limited':
      return { ...fault, retryAfterMs: random.int(100, 2_000) };
    case 'list-lag':
      return { ...fault, seconds: random.int(5, 60) };
    case 'refuse':
      return { ...fault, code: random.pick(traits[provider].refusals) };
    default:
      return fault;
  }
}
