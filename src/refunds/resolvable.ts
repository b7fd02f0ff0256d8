import type { UnclearLeg } from '../db/unclear-legs.ts';
import { invalidInput, type Problem, type RetryAdvice } from '../errors.ts';
import type { LegId } from '../ids.ts';
import { formatDecimal, toCurrency, type Money } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { ProviderAdapter } from '../providers/provider.ts';
import { shownRefundId } from '../providers/shown-refund-id.ts';
import { leaseMsOf } from './claim.ts';
import { canBeAsked } from './declared-facts.ts';
import { keyEndsAt } from './key-life.ts';
import { returnedNothing } from './returned-nothing.ts';

/** What a person found out about one leg of a refund. */
export type Verdict =
  | {
      readonly kind: 'returned';
      /** What was returned, as the provider's own console shows it. */
      readonly amount: Money;
      /** Null: the only unclear leg. */
      readonly legId: LegId | null;
      /** Null: the provider gave none, or it cannot be found out. */
      readonly providerRefundId: string | null;
    }
  | { readonly kind: 'notReturned'; readonly legId: LegId | null };

/** What the recovery plan of an account's provider may still be doing. */
export interface PlanTimes {
  readonly replayForMs: number;
  readonly leaseMs: number;
}

export const planTimesOf = (connection: Connection): PlanTimes => ({
  replayForMs: connection.adapter.recovery.replayForMs,
  leaseMs: leaseMsOf(connection),
});

/** What a sender that came back late may still have under way after its lease, in milliseconds. */
const afterLeaseMs = 15 * 60_000;

export const refundPath = ['input', 'refund'];
export const verdictPath = ['input', 'verdict'];

export const notResolvable = (
  message: string,
  retry: RetryAdvice,
  resolvableAt: Date | null = null,
): Problem => ({
  type: 'NotResolvable',
  code: 'NOT_RESOLVABLE',
  message,
  path: refundPath,
  retry,
  resolvableAt,
});

/**
 * Until when the service may still find out by itself, or the provider may still execute what was sent; null: a
 * person may decide now (MONEY section 4). Pure.
 *
 * While an UNKNOWN leg's key lives the plan sends the same bytes again, which tells the truth, so that no verdict is
 * taken. "Not returned" frees the amount and lets it be sent under another key, so that it must also be certain that
 * nothing sent is still under way: the key is forgotten, and the last sender is long gone. A provider refund of the
 * leg that failed, or was stopped, proves that at once.
 */
export function outstandingUntil(
  leg: UnclearLeg,
  kind: Verdict['kind'],
  plan: PlanTimes,
  now: Date,
): Date | null {
  const keyEnds = keyEndsAt(leg, plan.replayForMs);
  const senderIsGone = later(leg.last_sent_at, plan.leaseMs + afterLeaseMs);
  const mustBeOver = [leg.lease_until, leg.look_lease_until];
  if (leg.status === 'UNKNOWN') mustBeOver.push(keyEnds);
  if (kind === 'notReturned' && !returnedNothing({ status: leg.provider_status }))
    mustBeOver.push(keyEnds, senderIsGone);
  const last = Math.max(...mustBeOver.map((instant) => instant?.getTime() ?? 0));
  return last > now.getTime() ? new Date(last) : null;
}

const later = (instant: Date | null, ms: number): Date | null => instant && new Date(instant.getTime() + ms);

/** Whether resolveRefund would take any verdict about any of these legs now. Pure. */
export const isResolvable = (legs: readonly UnclearLeg[], plan: PlanTimes, now: Date): boolean =>
  legs.some((leg) => outstandingUntil(leg, 'returned', plan, now) === null);

type AnsweringAdapter = Pick<ProviderAdapter, 'hidesRefundId' | 'capabilities'>;

/** Nothing can be asked there: what it said of a refund when it took it is the last that is known. */
const isSilent = ({ capabilities }: AnsweringAdapter): boolean => !canBeAsked(capabilities);

/** Why "not returned" cannot be true of a leg, by what its provider said; undefined when it can. Pure. */
export function whyNotUnreturned(leg: UnclearLeg, adapter: AnsweringAdapter): Problem | undefined {
  if (leg.provider_status === null || returnedNothing({ status: leg.provider_status })) return undefined;
  if (isSilent(adapter) && leg.provider_status !== 'SUCCEEDED') return undefined;
  const id = shownRefundId(adapter, leg.provider_refund_id);
  return notResolvable(
    `The provider has ${id === null ? 'a refund' : `the refund ${id}`} of this, and does not say that it failed. State what was returned instead.`,
    'ASK_A_HUMAN',
  );
}

/** Why this amount cannot be what was returned of a leg, by what is known of it; undefined when it can. Pure. */
export function whyNotThisAmount(
  leg: UnclearLeg,
  { amount, providerRefundId }: Extract<Verdict, { kind: 'returned' }>,
  adapter: AnsweringAdapter,
): Problem | undefined {
  const path = [...verdictPath, 'returned'];
  if (leg.provider_refund_id === null)
    return amount.minor === leg.amount_minor
      ? undefined
      : invalidInput(
          [...path, 'amount'],
          `This was to return ${say(leg.amount_minor, amount.currency)}, and the provider named no other amount. State that, or keep it under review.`,
        );
  const shownId = shownRefundId(adapter, leg.provider_refund_id);
  // Nobody has to name an id that is not shown.
  const isMeant = providerRefundId === null && shownId === null;
  if (!isMeant && providerRefundId !== leg.provider_refund_id)
    return invalidInput(
      [...path, 'providerRefundId'],
      shownId === null
        ? "The provider's refund of this is known, and is another one. Say `noProviderId: true` for the known one."
        : `The provider's refund of this is known: ${shownId}. Name that.`,
    );
  if (leg.provider_currency !== amount.currency)
    return notResolvable('The provider names another currency for this refund.', 'ASK_A_HUMAN');
  if (leg.provider_amount_minor !== amount.minor)
    return invalidInput(
      [...path, 'amount'],
      `The provider says that this refund is of ${say(leg.provider_amount_minor ?? 0n, amount.currency)}. State that.`,
    );
  if (amount.minor !== leg.amount_minor && leg.share_count !== 1)
    return notResolvable(
      'Several sellers have a share in this, and it is not known how much each returned.',
      'ASK_A_HUMAN',
    );
  return isSilent(adapter) && !returnedNothing({ status: leg.provider_status ?? '' })
    ? undefined
    : whyNotSucceeded(leg.provider_status ?? '');
}

/** "Returned" is taken for a provider refund that its provider says has succeeded; undefined for that. Pure. */
export function whyNotSucceeded(providerStatus: string): Problem | undefined {
  if (providerStatus === 'SUCCEEDED') return undefined;
  return returnedNothing({ status: providerStatus })
    ? notResolvable(
        'The provider says that this refund failed or was stopped: nothing was returned by it.',
        'ASK_A_HUMAN',
      )
    : notResolvable(
        'The provider does not say yet how this refund ended. It is looked at again; `syncRefund` asks now.',
        'WAIT',
      );
}

const say = (minor: bigint, currency: string): string =>
  `${formatDecimal({ minor, currency: toCurrency(currency) })} ${currency}`;
