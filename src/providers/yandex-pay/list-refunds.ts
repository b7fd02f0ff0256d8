import type { KnownRefund, Look, RefundFacts, RefundListPage, RefundListQuery } from '../provider.ts';
import { refundsOf } from './payment.ts';
import { readOrder, type Access } from './read.ts';

/** All refunds of an order, newest first, on one page: the order's operations are told at once. */
export async function listRefunds(
  access: Access,
  { providerPaymentId }: RefundListQuery,
): Promise<Look<RefundListPage>> {
  if (providerPaymentId === undefined)
    throw new RangeError('Yandex Pay lists the refunds of one order only.');
  const look = await readOrder(access, providerPaymentId);
  if (look.kind !== 'found') return look;
  const refunds = refundsOf(look.value, access.clock.now());
  return { kind: 'found', value: { refunds, nextCursor: null } };
}

/** One refund, out of the operations of its order: an operation cannot be looked up by its own id. */
export async function readRefund(
  access: Access,
  { providerRefundId, providerPaymentId }: Pick<KnownRefund, 'providerRefundId' | 'providerPaymentId'>,
): Promise<Look<RefundFacts>> {
  const look = await listRefunds(access, { providerPaymentId });
  if (look.kind !== 'found') return look;
  const found = look.value.refunds.find((refund) => refund.providerRefundId === providerRefundId);
  return found === undefined ? { kind: 'absent' } : { kind: 'found', value: found };
}
