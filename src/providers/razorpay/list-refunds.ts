import type { AccountAccess, Look, RefundListPage, RefundListQuery } from '../provider.ts';
import type { RazorpayCredentials } from './credentials.ts';
import { allExplained } from './read-refund.ts';
import { readPage } from './refund-pages.ts';
import { refundFacts } from './refund-status.ts';
import { isPaymentId } from './wire.ts';

type Access = AccountAccess<RazorpayCredentials>;

/** Bounds of `from` and `to`, in Unix seconds (razorpay.com/docs/api/payments/fetch-all-payments). */
const EARLIEST = 946_684_800;
const LATEST = 4_765_046_400;

/**
 * One page of refunds, newest first *within the page*. The order of the whole list is not documented: only its end
 * proves that nothing newer or older follows. The cursor is an offset: give `createdTo`, so that a new refund shifts
 * nothing. In a list over time a failed refund has no `failure`, since that needs its payment; `readRefund` tells it.
 */
export async function listRefunds(access: Access, query: RefundListQuery): Promise<Look<RefundListPage>> {
  const { providerPaymentId: paymentId, createdFrom, createdTo, cursor } = query;
  if (paymentId !== undefined && !isPaymentId(paymentId)) return { kind: 'absent' };
  const page = await readPage(access, {
    skip: cursor === undefined ? 0 : skipOf(cursor),
    ...(paymentId === undefined ? {} : { paymentId }),
    // Whether the bounds themselves are in the window is not documented: one second more on each side.
    ...(createdFrom === undefined ? {} : { from: within(Math.floor(createdFrom.getTime() / 1000) - 1) }),
    ...(createdTo === undefined ? {} : { to: within(Math.ceil(createdTo.getTime() / 1000) + 1) }),
  });
  if (page.kind !== 'found') return page;
  const { refunds, nextSkip } = page.value;
  const facts =
    paymentId === undefined
      ? refunds.map((refund) => ({ ...refundFacts(refund, null), failure: null }))
      : await allExplained(access, paymentId, refunds);
  return {
    kind: 'found',
    value: {
      refunds: facts.toSorted((left, right) => right.createdAt.getTime() - left.createdAt.getTime()),
      nextCursor: nextSkip === null ? null : String(nextSkip),
    },
  };
}

const within = (seconds: number): number => Math.min(Math.max(seconds, EARLIEST), LATEST);

/** Throws a RangeError for a cursor that none of our pages gave out. */
function skipOf(cursor: string): number {
  if (!/^[1-9]\d{0,8}$/.test(cursor)) throw new RangeError('This is no cursor of a list of refunds.');
  return Number(cursor);
}
