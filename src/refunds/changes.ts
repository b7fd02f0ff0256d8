import type { RefundId } from '../ids.ts';

/** Tells waiters inside this process that a refund has changed; other replicas are found by asking again. */
export interface Changes {
  announce(refundId: RefundId): void;
  /** Resolves at the next announcement, or after `ms`. */
  next(refundId: RefundId, ms: number): Promise<void>;
}

export function createChanges(): Changes {
  const waiting = new Map<RefundId, Set<() => void>>();
  return {
    announce(refundId) {
      for (const wake of waiting.get(refundId) ?? []) wake();
    },
    next(refundId, ms) {
      return new Promise((resolve) => {
        const waiters = waiting.get(refundId) ?? new Set();
        waiting.set(refundId, waiters);
        const wake = () => {
          clearTimeout(timer);
          waiters.delete(wake);
          if (waiters.size === 0 && waiting.get(refundId) === waiters) waiting.delete(refundId);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiters.add(wake);
      });
    },
  };
}
