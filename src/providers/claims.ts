import type { RefundSpeed } from '../vocabulary.ts';
import type { Capabilities, ProviderAdapter, TraceReference } from './provider.ts';
import { provenCapabilities } from './proven-capabilities.ts';

const yesOrNo = [
  'partialRefunds',
  'severalRefundsPerPayment',
  'splitRefunds',
  'itemRefunds',
  'receipts',
  'voidAuthorized',
  'cancelUnpaid',
  'cancelRefund',
  'listByPayment',
  'listByTime',
  'lateTraceReferences',
] as const satisfies readonly (keyof Capabilities)[];

/** One thing that an adapter says it can do, small enough to be proven or not. */
export type Claim =
  | (typeof yesOrNo)[number]
  | 'idempotencyHours'
  | 'refundWindowDays'
  | 'listPageSize'
  | 'concurrentOperationsPerPayment'
  | 'externalRefunds'
  | 'webhooks'
  | `refundSpeeds.${RefundSpeed}`
  | `traceReferences.${TraceReference['kind']}`;

/** By which suite an adapter was tried, and which of its scenarios proved what. */
export interface Proof {
  readonly suite: string;
  readonly claims: Readonly<Partial<Record<Claim, readonly string[]>>>;
}

type Way = Pick<ProviderAdapter, 'code' | 'variant' | 'availability'>;

/** The name of an adapter in the evidence. What takes another's place is proven by itself. */
export const wayOf = ({ code, variant, availability }: Way): string =>
  `${code}${variant === null ? '' : `/${variant}`}${availability?.kind === 'substituted' ? '/substituted' : ''}`;

/** Everything that capabilities say beyond the least that any provider can. */
export function claimsOf(capabilities: Capabilities): readonly Claim[] {
  return [
    ...yesOrNo.filter((name) => capabilities[name]),
    ...(capabilities.idempotencyHours > 0 ? (['idempotencyHours'] as const) : []),
    ...(capabilities.refundWindowDays === null ? [] : (['refundWindowDays'] as const)),
    // Lists of one payment are never long enough to show it.
    ...(capabilities.listByTime && capabilities.listPageSize > 0 ? (['listPageSize'] as const) : []),
    ...(capabilities.concurrentOperationsPerPayment === 'MANY'
      ? (['concurrentOperationsPerPayment'] as const)
      : []),
    ...(capabilities.externalRefunds === 'INVISIBLE' ? [] : (['externalRefunds'] as const)),
    ...((capabilities.webhooks ?? []).length > 0 ? (['webhooks'] as const) : []),
    ...capabilities.refundSpeeds.map((speed) => `refundSpeeds.${speed}` as const),
    ...capabilities.traceReferences.map((kind) => `traceReferences.${kind}` as const),
  ];
}

/** What is left of capabilities when only these claims are believed: of the others, the least that can be said. */
export function capabilitiesWith(declared: Capabilities, proven: ReadonlySet<Claim>): Capabilities {
  const { webhooks: events, ...others } = declared;
  const flags = yesOrNo.map((name) => [name, declared[name] && proven.has(name)]);
  return {
    ...others,
    // One entry for each of them.
    ...(Object.fromEntries(flags) as Pick<Capabilities, (typeof yesOrNo)[number]>),
    idempotencyHours: proven.has('idempotencyHours') ? declared.idempotencyHours : 0,
    refundWindowDays: proven.has('refundWindowDays') ? declared.refundWindowDays : null,
    listPageSize: proven.has('listPageSize') ? declared.listPageSize : 0,
    concurrentOperationsPerPayment: proven.has('concurrentOperationsPerPayment')
      ? declared.concurrentOperationsPerPayment
      : 'ONE',
    externalRefunds: proven.has('externalRefunds') ? declared.externalRefunds : 'INVISIBLE',
    refundSpeeds: declared.refundSpeeds.filter((speed) => proven.has(`refundSpeeds.${speed}`)),
    traceReferences: declared.traceReferences.filter((kind) => proven.has(`traceReferences.${kind}`)),
    ...(events !== undefined && proven.has('webhooks') ? { webhooks: events } : {}),
  };
}

/**
 * What may be told of an adapter: what it declares and the conformance suite has proven. What is decided is decided by
 * what it declares.
 */
export function shownCapabilities(
  adapter: Way & Pick<ProviderAdapter, 'capabilities'>,
  proofs: Readonly<Record<string, Proof>> = provenCapabilities,
): Capabilities {
  // The keys of a record are its own properties.
  const proven = new Set(Object.keys(proofs[wayOf(adapter)]?.claims ?? {}) as Claim[]);
  return capabilitiesWith(adapter.capabilities, proven);
}
