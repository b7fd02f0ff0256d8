import type { AccountAccess, Look } from '../provider.ts';
import { capabilities } from './capabilities.ts';
import type { StripeCredentials } from './credentials.ts';
import { unavailable } from './errors.ts';
import { read } from './read.ts';
import { isRelease } from './refund-status.ts';
import { type WireRefund, asOurs, wireRefundList } from './wire.ts';

type Access = AccountAccess<StripeCredentials>;

/** Which page of which list; times in Unix seconds, both included. */
export interface PageQuery {
  /** A well-formed id; absent: all refunds of the account. */
  readonly paymentId?: string;
  readonly from?: number;
  readonly to?: number;
  /** The last refund of the page before. */
  readonly after?: string;
}

export interface Page {
  readonly refunds: readonly WireRefund[];
  readonly nextAfter: string | null;
}

/** More refunds of one payment than this many pages of 100 are not counted: the payment is `unavailable`. */
const MAX_PAGES = 50;

/**
 * One page of `GET /refunds` (docs.stripe.com/api/refunds/list), newest first. A page with one refund that cannot be
 * read, or of another payment than was asked for, is `unavailable` as a whole: sums over it would be wrong. Of a list
 * over time those are left out that belong to no payment that can be read here: made without a payment intent, or in a
 * currency without a published exponent.
 */
export async function readPage(access: Access, query: PageQuery): Promise<Look<Page>> {
  const { paymentId, from, to, after } = query;
  const parameters = new URLSearchParams();
  if (paymentId !== undefined) parameters.set('payment_intent', paymentId);
  if (from !== undefined) parameters.set('created[gte]', String(from));
  if (to !== undefined) parameters.set('created[lte]', String(to));
  parameters.set('limit', String(capabilities.listPageSize));
  if (after !== undefined) parameters.set('starting_after', after);
  const look = await read(access, `/refunds?${parameters}`, wireRefundList, ({ data, has_more: hasMore }) => {
    // More after nothing would never end.
    if (hasMore && data.length === 0) return false;
    return paymentId === undefined || data.every((refund) => asOurs(refund)?.payment_intent === paymentId);
  });
  if (look.kind !== 'found') return look;
  const { data, has_more: hasMore } = look.value;
  const refunds = data.flatMap((any) => {
    const refund = asOurs(any);
    return refund === undefined || isRelease(refund) ? [] : [refund];
  });
  return { kind: 'found', value: { refunds, nextAfter: hasMore ? (data.at(-1)?.id ?? null) : null } };
}

/** All refunds of a payment. A cursor goes on behind one refund, so that a newer one shifts nothing. */
export async function readAllPages(access: Access, paymentId: string): Promise<Look<WireRefund[]>> {
  const found = new Map<string, WireRefund>();
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await readPage(access, { paymentId, ...(after === undefined ? {} : { after }) });
    if (page.kind !== 'found') return page;
    for (const refund of page.value.refunds) found.set(refund.id, refund);
    if (page.value.nextAfter === null) return { kind: 'found', value: [...found.values()] };
    after = page.value.nextAfter;
  }
  return {
    kind: 'unavailable',
    failure: { ...unavailable('This payment has more refunds than can be read.'), retry: 'ASK_A_HUMAN' },
  };
}
