import type { Failure } from '../../errors.ts';
import type { LegId } from '../../ids.ts';
import type { Capabilities, KnownRefund } from '../../providers/provider.ts';

/**
 * What one call of a plan asks for. `WINDOW_PAGE`: a page of the refunds of a span of time. `PAYMENT_LIST`: a page of
 * the refunds of one payment or order. `SINGLE`: one refund by its id. `PAYMENT`: a payment with its refunds, for a
 * first sight or a lost answer.
 */
export type LookCallKind = 'WINDOW_PAGE' | 'PAYMENT_LIST' | 'SINGLE' | 'PAYMENT';

/** One call that would have been made, and how many refunds it was to find. */
export interface PlannedCall {
  readonly kind: LookCallKind;
  readonly wanted: number;
}

/** One call that was made. */
export interface MadeCall extends PlannedCall {
  /** How many of them it told; a refund that a list shows as failed without the reason is told by a single read. */
  readonly found: number;
  /** Requests over the wire, without those that were repeated after a fault; most often one. */
  readonly requests: number;
  /** With the wait for its turn, in milliseconds. */
  readonly tookMs: number;
  readonly isAnswered: boolean;
}

/** The plan that was followed for one account, in the order in which its calls were begun. */
export interface FollowedPlan {
  readonly accountCode: string;
  /** Refunds and payments that were wanted of the account, those that somebody else asked for included. */
  readonly wanted: number;
  /** Of those, told by a look that somebody else had begun. */
  readonly shared: number;
  readonly calls: readonly MadeCall[];
  /** What the account's budget did not allow before the caller's time was over; the engine makes it. */
  readonly putOff: readonly PlannedCall[];
  /** No plan can have fewer calls, whatever else the provider's books hold: see `fewestCalls`. */
  readonly lowerBound: number;
}

/** How the looks at some legs went. */
export interface LegsLookedAt {
  /** Why an account could not be asked; empty when every look was answered, or put off. */
  readonly failures: LookFailures;
  readonly plans: readonly FollowedPlan[];
  /** Legs about which nothing was asked, for want of a budget. */
  readonly putOff: readonly LegId[];
}

export type LookFailures = readonly {
  readonly accountCode: string;
  readonly failure: Failure;
}[];

type Lists = Pick<Capabilities, 'listByTime' | 'listByPayment' | 'listPageSize'>;

/**
 * The fewest calls that can tell of these refunds: full pages where there is a list over time, else full pages payment
 * by payment, else one each. Lists that show other refunds too, or that lag, need more.
 */
export function fewestCalls(
  { listByTime, listByPayment, listPageSize }: Lists,
  wanted: readonly Pick<KnownRefund, 'providerPaymentId'>[],
): number {
  const pages = (refunds: number) => Math.ceil(refunds / Math.max(listPageSize, 1));
  if (listByTime) return pages(wanted.length);
  if (!listByPayment) return wanted.length;
  const groups = Map.groupBy(wanted, ({ providerPaymentId }) => providerPaymentId);
  return [...groups.values()].reduce((sum, group) => sum + pages(group.length), 0);
}
