import type { RefundEvent } from '../db/list-events.ts';
import type { EventSource } from '../db/events.ts';
import type { Refund } from '../db/legs.ts';
import type { RefundLeg } from '../db/read-batch.ts';
import { publicLegStatus } from '../refunds/derive.ts';
import { legStatuses, type Evidence, type LegStatus } from '../vocabulary.ts';
import { shownRefundId, withoutHiddenIds } from '../providers/shown-refund-id.ts';
import { adapterOfAccountId } from './account-adapter.ts';
import type { GraphQLContext } from './context.ts';
import { legsOfRefund } from './refund-fields.ts';

export const refundEventKinds = [
  'CREATED',
  'IMPORTED',
  'MOVED',
  'DETAILS',
  'CANCEL_ASKED',
  'CONTRADICTED',
  'RESOLVED',
  'ATTENTION',
  'MERGED',
] as const;
export type RefundEventKind = (typeof refundEventKinds)[number];
type PublicLegStatus = ReturnType<typeof publicLegStatus>;

const kinds: Readonly<Record<string, RefundEventKind>> = {
  'refund.created': 'CREATED',
  'refund.imported': 'IMPORTED',
  'leg.moved': 'MOVED',
  'leg.details': 'DETAILS',
  'leg.remembered': 'DETAILS',
  'leg.cancel-asked': 'CANCEL_ASKED',
  'leg.contradicted': 'CONTRADICTED',
  'refund.merged': 'MERGED',
  'leg.resolved': 'RESOLVED',
  'refund.attention': 'ATTENTION',
  'refund.bound': 'DETAILS',
  'leg.differs': 'DETAILS',
};

/** One step of a refund's life, as the API shows it. */
export interface RefundEventView {
  readonly kind: RefundEventKind;
  readonly at: Date;
  readonly actor: string;
  readonly source: EventSource;
  readonly from: PublicLegStatus | null;
  readonly to: PublicLegStatus | null;
  readonly evidence: Record<string, string>;
  readonly leg: RefundLeg | null;
}

/** Newest last. A kind of event that the schema does not name is not shown. */
export async function historyOfRefund(context: GraphQLContext, refund: Refund): Promise<RefundEventView[]> {
  const [events, legs, adapter] = await Promise.all([
    context.loaders.eventsOfRefund.load(refund.id),
    legsOfRefund(context, refund),
    adapterOfAccountId(context, refund.account_id),
  ]);
  const ids = idsIn(events ?? [], legs);
  const say: Say = (name, value) =>
    namingEntries.includes(name) ? shownRefundId(adapter, value) : withoutHiddenIds(adapter, ids, value);
  const legById = new Map(legs.map((leg) => [leg.id, leg]));
  return (events ?? []).flatMap((event) => {
    const kind = kinds[event.kind];
    const leg = event.leg_id === null ? undefined : legById.get(event.leg_id);
    return kind === undefined ? [] : [viewOf(event, kind, leg, say)];
  });
}

/** An entry as it may be shown; null: not at all. */
type Say = (name: string, value: string) => string | null;

/** Entries that are ids of refunds at the provider, separated by spaces. */
const namingEntries: readonly string[] = ['candidates', 'providerRefundId'];

/** Every id of a refund at the provider that the history knows. */
function idsIn(events: readonly RefundEvent[], legs: readonly RefundLeg[]): ReadonlySet<string> {
  const named = events.flatMap(({ evidence }) => namingEntries.map((name) => evidence[name]));
  const texts = [...named, ...legs.map((leg) => leg.provider_refund_id)];
  return new Set(texts.flatMap((text) => (typeof text === 'string' ? text.split(' ') : [])));
}

const viewOf = (
  event: RefundEvent,
  kind: RefundEventKind,
  leg: RefundLeg | undefined,
  say: Say,
): RefundEventView => ({
  kind,
  at: event.at,
  actor: event.actor,
  source: event.source as EventSource,
  from: statusOf(event.from_status),
  to: statusOf(event.to_status),
  evidence: publicEvidence(event.evidence, say),
  leg: leg ?? null,
});

function statusOf(text: string | null): PublicLegStatus | null {
  const status = legStatuses.find((word): word is LegStatus => word === text);
  return status === undefined ? null : publicLegStatus(status);
}

/**
 * Figures, ids, times, code words, where a person has to look, and what a person stated with a verdict. A provider's
 * free text is not among them: it may say more than it should.
 */
const shown: readonly string[] = [
  'amountMinor',
  'attempt',
  'attention',
  'attentionEnded',
  'candidates',
  'cause',
  'code',
  'currency',
  'deliveryId',
  'errorCode',
  'errorField',
  'errorId',
  'errorParameter',
  'errorReason',
  'event',
  'firstLookAt',
  'firstSentAt',
  'httpStatus',
  'instructions',
  'lastLookAt',
  'lookedAt',
  'looks',
  'outcome',
  'providerAmountMinor',
  'providerCode',
  'providerCurrency',
  'providerRefundId',
  'rawStatus',
  'readable',
  'returnedMinor',
  'sends',
  'sent',
  'statement',
  'toldAt',
  'traceReferenceKinds',
  'transport',
  'verdict',
  'why',
];

/** The entries that may be shown, as texts; what is null or of another name is left out. */
export const publicEvidence = (
  evidence: Evidence,
  say: Say = (_name, value) => value,
): Record<string, string> =>
  Object.fromEntries(
    shown.flatMap((name) => {
      const value = evidence[name];
      const said = value === null || value === undefined ? null : say(name, String(value));
      return said === null ? [] : [[name, said]];
    }),
  );
