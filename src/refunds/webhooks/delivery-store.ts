import type { Kysely } from 'kysely';
import type { Database } from '../../db/tables.ts';
import { deliveryKey, storeDeliveries, type NewDelivery } from '../../db/webhook-deliveries.ts';

/** Messages of an account that wait to be worked on, at most; more are refused until some were. */
const pendingAtMost = 10_000;

/** Messages that wait in this process to be written, at most. */
const waitingAtMost = 2_000;

/** Messages of one statement, at most. */
const batchAtMost = 500;

/** Keeps what was verified. One statement at a time takes everything that waits, so that a flood is few statements. */
export interface DeliveryStore {
  /**
   * @returns true when all of them are committed; false: too many wait, here or in the database
   * @throws what the database said; then it is not known whether they were kept
   */
  keep(deliveries: readonly NewDelivery[]): Promise<boolean>;
}

export interface DeliveryStoreOptions {
  readonly db: Kysely<Database>;
  readonly limits?: { readonly pendingAtMost: number; readonly waitingAtMost: number };
}

interface Waiting {
  readonly deliveries: readonly NewDelivery[];
  readonly resolve: (isKept: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export function createDeliveryStore({ db, limits }: DeliveryStoreOptions): DeliveryStore {
  const { pendingAtMost: pending, waitingAtMost: most } = limits ?? { pendingAtMost, waitingAtMost };
  let waiting: Waiting[] = [];
  let size = 0;
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) await writeBatch(takeBatch());
    isWriting = false;
  }

  function takeBatch(): readonly Waiting[] {
    let taken = 0;
    let count = 0;
    for (const { deliveries } of waiting) {
      if (taken > 0 && count + deliveries.length > batchAtMost) break;
      taken += 1;
      count += deliveries.length;
    }
    const batch = waiting.slice(0, taken);
    waiting = waiting.slice(taken);
    size -= count;
    return batch;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const kept = await storeDeliveries(db, merged(batch.flatMap(({ deliveries }) => deliveries)), pending);
      for (const { deliveries, resolve } of batch)
        resolve(deliveries.every((each) => kept.has(deliveryKey(each))));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    keep(deliveries) {
      if (size + deliveries.length > most) return Promise.resolve(false);
      return new Promise((resolve, reject) => {
        waiting.push({ deliveries, resolve, reject });
        size += deliveries.length;
        // What arrives in this turn of the event loop goes into one statement.
        if (!isWriting) setImmediate(() => isWriting || void writeAll());
      });
    },
  };
}

/** One row for each message, however often it is among them. */
function merged(deliveries: readonly NewDelivery[]): readonly NewDelivery[] {
  const byKey = new Map<string, NewDelivery>();
  for (const delivery of deliveries) {
    const key = deliveryKey(delivery);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? delivery : { ...known, times: known.times + delivery.times });
  }
  return [...byKey.values()];
}
