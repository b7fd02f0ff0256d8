import { setTimeout as sleep } from 'node:timers/promises';
import { releaseLooks, renewLooks, type LookId, type LookTable } from '../../db/look-leases.ts';
import { paymentReadLimitMs } from '../see-payment.ts';
import type { World } from '../world.ts';

/**
 * What a claim of a look is good for, in milliseconds: the deadline of one read, with its waiting and its repetitions,
 * and two seconds (MONEY section 11). A plan of several calls renews it while it runs; so a process that dies costs
 * this time, whatever it was about to do.
 */
export const lookLeaseMs = paymentReadLimitMs + 2_000;

/** A renewal that comes late, or is lost once, must not cost the lease. */
const renewEveryMs = lookLeaseMs / 3;

/** No plan holds its rows for longer, in milliseconds: then the engine has them, whatever keeps the plan from its end. */
export const lookAtMostMs = 5 * 60_000;

/** A row may be locked by a transaction for a moment; one that stays so costs its lease. */
const releaseTries = 5;
const releaseGapMs = 50;

/** A claim that is held until it is released. */
export interface HeldLease {
  /** Gives the rows back. Never rejects: what is not given back costs its lease. */
  release(): Promise<void>;
}

/** Holds rows that were claimed with `token` for as long as their looks take, at most `lookAtMostMs`. */
export function holdLease(
  world: Pick<World, 'db' | 'clock' | 'log'>,
  table: LookTable,
  ids: readonly LookId[],
  token: Date,
): HeldLease {
  const endsMs = world.clock.monotonicMs() + lookAtMostMs;
  let held: readonly { readonly token: Date; readonly ids: readonly LookId[] }[] = [{ token, ids }];
  let renewing = Promise.resolve();

  async function renew(): Promise<void> {
    if (world.clock.monotonicMs() >= endsMs) {
      clearInterval(timer);
      world.log.warn({ table, looks: ids.length }, 'looks take so long that others may begin them again');
      return;
    }
    const groups = [];
    for (const group of held) {
      const renewed = await renewLooks(world.db, table, group.ids, group.token, lookLeaseMs);
      const left = group.ids.filter((id) => !renewed?.ids.includes(id));
      if (renewed !== undefined) groups.push(renewed);
      if (left.length > 0) groups.push({ token: group.token, ids: left });
    }
    held = groups;
  }

  const timer = setInterval(() => {
    renewing = renewing.then(renew).catch((error: unknown) => {
      world.log.warn({ err: error, table }, 'the lease of looks could not be renewed');
    });
  }, renewEveryMs);

  return {
    async release() {
      clearInterval(timer);
      await renewing;
      try {
        for (let tries = 0; tries < releaseTries && held.length > 0; tries += 1) {
          if (tries > 0) await sleep(releaseGapMs);
          const left = [];
          for (const group of held) {
            const released = new Set(await releaseLooks(world.db, table, group.ids, group.token));
            const kept = group.ids.filter((id) => !released.has(id));
            if (kept.length > 0) left.push({ token: group.token, ids: kept });
          }
          held = left;
        }
      } catch (error) {
        world.log.warn({ err: error, table }, 'the lease of looks was not given back; it runs out');
      }
    },
  };
}
