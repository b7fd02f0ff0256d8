import { notFound, type Problem } from '../errors.ts';
import type { LegId } from '../ids.ts';
import type { Verdict } from '../refunds/resolvable.ts';
import { resolveRefund } from '../refunds/resolve-refund.ts';
import type { GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { complain, readText, within, type Place } from './input-rules.ts';
import { forget } from './look-at-refunds.ts';
import { refused, type RefundPayload } from './payloads.ts';
import { readPositiveMoney, type MoneyInput } from './read-money.ts';

const MAX_EVIDENCE_LENGTH = 2000;
const MAX_PROVIDER_ID_LENGTH = 256;

type Id = string | number;

/** Exactly one of the two: the schema says `@oneOf`. */
interface RefundVerdictInput {
  readonly returned?:
    | {
        readonly amount: MoneyInput;
        readonly providerRefundId?: string | null | undefined;
        readonly noProviderId?: boolean | null | undefined;
        readonly leg?: Id | null | undefined;
      }
    | null
    | undefined;
  readonly notReturned?: { readonly leg?: Id | null | undefined } | null | undefined;
}

/** The refund is given with a refusal too: it shows what is known. */
export async function resolveResolveRefund(
  context: GraphQLContext,
  input: {
    readonly refund: Id;
    readonly expectedVersion: number;
    readonly verdict: RefundVerdictInput;
    readonly evidence: string;
  },
): Promise<RefundPayload> {
  const problems: Problem[] = [];
  const place = { path: ['input'], problems };
  const refundId = decodeGlobalId('Refund', String(input.refund));
  if (refundId === undefined) problems.push(notFound(['input', 'refund'], 'The refund'));
  const verdict = readVerdict(within(place, 'verdict'), input.verdict);
  const evidence = readText(within(place, 'evidence'), input.evidence, MAX_EVIDENCE_LENGTH);
  if (refundId === undefined || verdict === undefined || problems.length > 0) return refused(problems);
  const { expectedVersion } = input;
  const command = { refundId, expectedVersion, verdict, evidence };
  const result = await resolveRefund(context.world, context.caller, command);
  forget(context, refundId);
  // An id of another merchant loads nothing.
  return { refundId, replayed: false, problems: result.ok ? [] : result.problems };
}

function readVerdict(place: Place, { returned, notReturned }: RefundVerdictInput): Verdict | undefined {
  if (!returned)
    return { kind: 'notReturned', legId: readLeg(within(place, 'notReturned', 'leg'), notReturned?.leg) };
  const inside = within(place, 'returned');
  const { providerRefundId = null, noProviderId } = returned;
  const legId = readLeg(within(inside, 'leg'), returned.leg);
  const amount = readPositiveMoney(within(inside, 'amount'), returned.amount);
  if ((providerRefundId === null) !== (noProviderId === true))
    complain(inside, 'Give either "providerRefundId" or "noProviderId: true".');
  if (providerRefundId !== null)
    readText(within(inside, 'providerRefundId'), providerRefundId, MAX_PROVIDER_ID_LENGTH);
  return amount && { kind: 'returned', amount, legId, providerRefundId };
}

function readLeg(place: Place, leg: Id | null | undefined): LegId | null {
  if (leg === null || leg === undefined) return null;
  const legId = decodeGlobalId('RefundLeg', String(leg));
  if (legId === undefined) place.problems.push(notFound(place.path, 'The leg'));
  return legId ?? null;
}
