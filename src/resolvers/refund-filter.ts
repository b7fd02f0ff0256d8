import type { RefundConditions } from '../db/list-refunds.ts';
import { isFinalRefund } from '../refunds/derive.ts';
import { refundStatuses, type RefundOrigin, type RefundStatus } from '../vocabulary.ts';
import { decodeGlobalId } from './global-id.ts';
import {
  isGiven,
  readDateTimeRange,
  readMoneyRange,
  requireBoundedTime,
  type DateTimeRange,
  type MoneyRange,
} from './ranges.ts';
import { badUserInput } from './request-errors.ts';
import { isStorable } from './text.ts';

const MAX_IDS = 100;

export interface RefundFilter {
  readonly ids?: readonly (string | number)[] | null | undefined;
  readonly payment?: string | number | null | undefined;
  readonly orderReference?: string | null | undefined;
  readonly reference?: string | null | undefined;
  readonly account?: string | number | null | undefined;
  readonly seller?: string | null | undefined;
  readonly status?: readonly RefundStatus[] | null | undefined;
  readonly isFinal?: boolean | null | undefined;
  readonly needsAttention?: boolean | null | undefined;
  readonly origin?: RefundOrigin | null | undefined;
  readonly createdAt?: DateTimeRange | null | undefined;
  readonly finalizedAt?: DateTimeRange | null | undefined;
  readonly amount?: MoneyRange | null | undefined;
}

/**
 * What a filter means; undefined when nothing can match it, because it names an id that is malformed or of
 * something else.
 *
 * @throws BAD_USER_INPUT naming the field that is wrong
 */
export function readRefundFilter(filter: RefundFilter): RefundConditions | undefined {
  if ((filter.ids?.length ?? 0) > MAX_IDS) throw badUserInput(['filter', 'ids'], `At most ${MAX_IDS} ids.`);
  const ids = filter.ids?.map((id) => decodeGlobalId('Refund', String(id))).filter((id) => id !== undefined);
  const paymentId = filter.payment ? decodeGlobalId('Payment', String(filter.payment)) : undefined;
  const accountId = filter.account ? decodeGlobalId('ProviderAccount', String(filter.account)) : undefined;
  if ((filter.payment && paymentId === undefined) || (filter.account && accountId === undefined))
    return undefined;
  if (![filter.orderReference, filter.reference, filter.seller].every((text) => isStorable(text ?? '')))
    return undefined;
  return {
    ids,
    paymentId,
    accountId,
    orderReference: filter.orderReference ?? undefined,
    reference: filter.reference ?? undefined,
    seller: filter.seller ?? undefined,
    statuses: statusesOf(filter),
    needsAttention: filter.needsAttention ?? undefined,
    origin: filter.origin ?? undefined,
    createdAt: readDateTimeRange(['filter', 'createdAt'], filter.createdAt),
    finalizedAt: readDateTimeRange(['filter', 'finalizedAt'], filter.finalizedAt),
    amount: readMoneyRange(['filter', 'amount'], filter.amount),
  };
}

function statusesOf({ status, isFinal }: RefundFilter): readonly RefundStatus[] | undefined {
  if (isFinal === null || isFinal === undefined) return status ?? undefined;
  return (status ?? refundStatuses).filter((one) => isFinalRefund(one) === isFinal);
}

const indexed = ['ids', 'payment', 'orderReference', 'reference', 'account', 'status', 'seller'] as const;
const notIndexed = ['isFinal', 'needsAttention', 'origin', 'createdAt', 'finalizedAt', 'amount'] as const;

/**
 * A filter by fields without an index must read a bounded time.
 *
 * @throws BAD_USER_INPUT saying which range is needed
 */
export function refuseUnboundedFilter(filter: RefundFilter, now: Date): void {
  // Few refunds need a person, and those have an index; the others are nearly all.
  if (filter.needsAttention === true || indexed.some((name) => isGiven(filter[name]))) return;
  if (!notIndexed.some((name) => isGiven(filter[name]))) return;
  requireBoundedTime(filter.createdAt, now, [...indexed, 'needsAttention: true']);
}
