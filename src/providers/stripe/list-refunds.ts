import type { AccountAccess, Look, RefundListPage, RefundListQuery } from '../provider.ts';
import type { StripeCredentials } from './credentials.ts';
import { readPage } from './refund-pages.ts';
import { refundFacts } from './refund-status.ts';
import { isPaymentId, isRefundId } from './wire.ts';

type Access = AccountAccess<StripeCredentials>;

const secondsOf = (instant: Date): number => instant.getTime() / 1000;

/**
 * One page of refunds, newest first. Instants on the wire are whole seconds, so that the window is widened to them. Give
 * `createdTo`, so that what is made while pages are read belongs to the next window.
 */
export async function listRefunds(access: Access, query: RefundListQuery): Promise<Look<RefundListPage>> {
  const { providerPaymentId: paymentId, createdFrom, createdTo, cursor } = query;
  if (paymentId !== undefined && !isPaymentId(paymentId)) return { kind: 'absent' };
  if (cursor !== undefined && !isRefundId(cursor))
    throw new RangeError('This is no cursor of a list of refunds.');
  const page = await readPage(access, {
    ...(paymentId === undefined ? {} : { paymentId }),
    ...(createdFrom === undefined ? {} : { from: Math.max(0, Math.floor(secondsOf(createdFrom))) }),
    ...(createdTo === undefined ? {} : { to: Math.ceil(secondsOf(createdTo)) }),
    ...(cursor === undefined ? {} : { after: cursor }),
  });
  if (page.kind !== 'found') return page;
  const { refunds, nextAfter } = page.value;
  return { kind: 'found', value: { refunds: refunds.map(refundFacts), nextCursor: nextAfter } };
}
