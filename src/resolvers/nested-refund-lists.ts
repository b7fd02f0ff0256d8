import DataLoader from 'dataloader';
import type { Kysely } from 'kysely';
import type { Page, PageQuery } from '../db/list-page.ts';
import { listRefundsOfPayments, type ListedRefund, type RefundConditions } from '../db/list-refunds.ts';
import type { Database } from '../db/tables.ts';
import type { MerchantId, PaymentId } from '../ids.ts';

interface WantedList {
  readonly paymentId: PaymentId;
  readonly conditions: RefundConditions;
  readonly page: PageQuery;
}

/** The refunds under each payment of a list: one statement for all payments with the same arguments. */
export type NestedRefundLists = DataLoader<WantedList, Page<ListedRefund>, string>;

export function createNestedRefundLists(db: Kysely<Database>, merchantId: MerchantId): NestedRefundLists {
  return new DataLoader(
    async (wanted) => {
      const lists = new Map<string, Promise<Map<PaymentId, Page<ListedRefund>>>>();
      for (const [key, same] of Map.groupBy(wanted, argumentsOf)) {
        const { conditions, page } = same[0]!;
        const paymentIds = same.map((list) => list.paymentId);
        lists.set(key, listRefundsOfPayments(db, merchantId, paymentIds, conditions, page));
      }
      return Promise.all(
        wanted.map(async (list) => (await lists.get(argumentsOf(list)))!.get(list.paymentId)!),
      );
    },
    { cacheKeyFn: (list) => `${list.paymentId} ${argumentsOf(list)}` },
  );
}

const argumentsOf = ({ conditions, page }: WantedList): string =>
  JSON.stringify([conditions, page], (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
