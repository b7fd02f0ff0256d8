import type { LookedAtLeg } from '../../db/due.ts';
import type { ProviderAdapter } from '../../providers/provider.ts';
import { pausedAccountGapMs, queuedAtMostMs } from '../claim.ts';
import { nextLookMs } from '../looks/next-look.ts';

/** `failed`: the provider could not be asked, or something of ours broke. `left`: it was not begun. */
export type LegResult = 'done' | 'failed' | 'left';

/** When a claimed leg is due again; see `LegRelease`. */
export interface Schedule {
  readonly nextLookInMs: number | 'keep' | null;
  readonly lookFailures: number;
  readonly holdForMs: number | null;
}

const shortestGapMs = 5_000;
const longestGapMs = 3_600_000;

/** A leg behind another of its payment that is being sent is tried again after this. */
const behindSenderGapMs = 5_000;

/** The same where the provider has one operation of a payment at a time, and may take days for it. */
const behindOtherGapMs = 60_000;

/** A leg that waited for too long is not sent any more, only kept in sight. */
const queuedTooLongGapMs = 3_600_000;

/** The gap after so many failures in a row: twice as long each time, shortened by up to a fifth, 5 s to 1 h. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const fullMs = Math.min(shortestGapMs * 2 ** Math.min(failures - 1, 20), longestGapMs);
  return Math.max(shortestGapMs, fullMs * (1 - random() / 5));
}

/** When to look again at a leg that was worked on; pure but for the jitter. */
export function scheduleOf(
  adapter: Pick<ProviderAdapter, 'lookGapsMs' | 'watchAfterMs' | 'capabilities'>,
  leg: LookedAtLeg,
  result: LegResult,
  isPaused: boolean,
): Schedule {
  const lookFailures = result === 'failed' ? leg.lookFailures + 1 : 0;
  const keep: Schedule = { nextLookInMs: 'keep', lookFailures, holdForMs: null };
  if (result === 'left') return { ...keep, lookFailures: leg.lookFailures };
  const backedOff = (failures: number): Schedule => ({
    nextLookInMs: backoffMs(failures),
    lookFailures: failures,
    holdForMs: null,
  });
  if (leg.status === 'QUEUED') {
    if (!leg.isStillDue) return keep;
    if (leg.now.getTime() - leg.queuedSince.getTime() >= queuedAtMostMs)
      return { ...keep, nextLookInMs: queuedTooLongGapMs };
    if (leg.isBehindSender) return { ...keep, holdForMs: behindSenderGapMs };
    if (leg.isBehindOther && adapter.capabilities.concurrentOperationsPerPayment === 'ONE')
      return { ...keep, holdForMs: behindOtherGapMs };
    if (isPaused) return { ...keep, nextLookInMs: pausedAccountGapMs };
    return backedOff(leg.lookFailures + 1);
  }
  if (leg.status === 'SENDING') return leg.isStillDue ? backedOff(leg.lookFailures + 1) : keep;
  // What repeats a send sets the first gap each time; the gaps of a lost answer have to grow.
  if (!leg.isStillDue && leg.status !== 'UNKNOWN') return { ...keep, lookFailures: 0 };
  if (result === 'failed') return backedOff(lookFailures);
  const { status, finalizedAt } = leg;
  const createdAt = leg.sentAt ?? leg.createdAt;
  return { ...keep, nextLookInMs: nextLookMs(adapter, { status, createdAt, finalizedAt }, leg.now) };
}
