import type { MerchantId } from '../ids.ts';

/** Reads one key; undefined when there is no such row of this merchant. */
export type BatchedRead<Key extends string, Row> = (
  merchantId: MerchantId,
  key: Key,
) => Promise<Row | undefined>;

type ReadMany<Key extends string, Row> = (
  merchantId: MerchantId,
  keys: readonly Key[],
) => Promise<ReadonlyMap<Key, Row>>;

/** Keys of one statement: keeps its answer and the time it takes small. */
const MAX_KEYS_PER_STATEMENT = 500;

interface Waiting<Key extends string, Row> {
  readonly keys: Set<Key>;
  readonly rows: Promise<ReadonlyMap<Key, Row>>;
}

/**
 * Makes one statement out of the reads that one merchant's requests ask for in one turn of the event loop.
 * Every read starts after it was asked for, so an answer is never older than its question. When the
 * statement fails, each of its reads fails.
 */
export function batchedRead<Key extends string, Row>(readMany: ReadMany<Key, Row>): BatchedRead<Key, Row> {
  const waiting = new Map<MerchantId, Waiting<Key, Row>>();

  function open(merchantId: MerchantId): Waiting<Key, Row> {
    const keys = new Set<Key>();
    // After the poll phase: every request that arrived in this turn has asked by then.
    const rows = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (waiting.get(merchantId) === batch) waiting.delete(merchantId);
      return readMany(merchantId, [...keys]);
    });
    const batch = { keys, rows };
    waiting.set(merchantId, batch);
    return batch;
  }

  return async (merchantId, key) => {
    let batch = waiting.get(merchantId);
    if (batch === undefined || (batch.keys.size >= MAX_KEYS_PER_STATEMENT && !batch.keys.has(key)))
      batch = open(merchantId);
    batch.keys.add(key);
    return (await batch.rows).get(key);
  };
}

export function indexBy<Key, Row>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row> {
  return new Map(rows.map((row) => [keyOf(row), row]));
}

export function groupBy<Key, Row>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  return Map.groupBy(rows, keyOf);
}
