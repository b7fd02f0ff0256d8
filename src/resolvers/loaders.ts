import DataLoader from 'dataloader';
import type { BatchedRead } from '../db/batched-read.ts';
import { readBatchOf, type ReadBatch } from '../db/read-batch.ts';
import type { MerchantId } from '../ids.ts';
import type { World } from '../refunds/world.ts';

type RowOf<Read> = Read extends BatchedRead<infer _Key, infer Row> ? Row : never;
type KeyOf<Read> = Read extends BatchedRead<infer Key, infer _Row> ? Key : never;
type Loader<Read> = DataLoader<KeyOf<Read>, RowOf<Read> | null>;

/** What one operation has read: each row at most once, all of one kind and tick together. */
export type Loaders = { readonly [Name in keyof ReadBatch]: Loader<ReadBatch[Name]> };

/** Loaders of one operation of one merchant: no other merchant's row is ever in them. */
export function createLoaders(world: World, merchantId: MerchantId): Loaders {
  const reads = readBatchOf(world.db);
  const through = <Key extends string, Row>(read: BatchedRead<Key, Row>) =>
    new DataLoader<Key, Row | null>((keys) =>
      Promise.all(keys.map(async (key) => (await read(merchantId, key)) ?? null)),
    );
  return {
    refund: through(reads.refund),
    payment: through(reads.payment),
    account: through(reads.account),
    merchant: through(reads.merchant),
    legsOfRefund: through(reads.legsOfRefund),
    sharesOfRefund: through(reads.sharesOfRefund),
    sharesOfPayment: through(reads.sharesOfPayment),
    itemsOfPayment: through(reads.itemsOfPayment),
    itemsOfRefund: through(reads.itemsOfRefund),
    eventsOfRefund: through(reads.eventsOfRefund),
    replacementOfRefund: through(reads.replacementOfRefund),
    unclearLegsOfRefund: through(reads.unclearLegsOfRefund),
    openLegsOfPayment: through(reads.openLegsOfPayment),
    openOperationOfPayment: through(reads.openOperationOfPayment),
  };
}
