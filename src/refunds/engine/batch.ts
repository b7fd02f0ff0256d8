import type { DueLeg } from '../../db/due.ts';
import type { LegId } from '../../ids.ts';
import type { World } from '../world.ts';
import type { LegResult } from './schedule.ts';
import type { Round } from './steps.ts';

/** What becomes of the legs of one claim. */
export interface Batch {
  /** True when nothing more is to be begun: half of the claim's time is over, or the process stops. */
  isOver(): boolean;
  note(id: LegId, result: LegResult): void;
  /** Legs with which something went wrong: told in the log, and tried again later. */
  fail(legs: readonly Pick<DueLeg, 'id' | 'refundId'>[], error: unknown): void;
  /** `left` for what was never begun. */
  resultOf(id: LegId): LegResult;
}

export function createBatch(world: World, round: Round, leaseMs: number): Batch {
  const results = new Map<LegId, LegResult>();
  const endsMs = world.clock.monotonicMs() + leaseMs / 2;
  return {
    isOver: () => round.isStopping() || world.clock.monotonicMs() >= endsMs,
    note: (id, result) => results.set(id, result),
    fail(legs, error) {
      for (const { id, refundId } of legs) {
        results.set(id, 'failed');
        world.log.error({ err: error, refundId, legId: id }, 'a refund that was due could not be worked on');
      }
    },
    resultOf: (id) => results.get(id) ?? 'left',
  };
}
