import type { AccountAccess, Look } from '../provider.ts';
import { capabilities } from './capabilities.ts';
import type { RazorpayCredentials } from './credentials.ts';
import { read } from './read.ts';
import { type WireRefund, wireRefundList } from './wire.ts';

type Access = AccountAccess<RazorpayCredentials>;

/** Which page of which list; times in Unix seconds. */
export interface PageQuery {
  /** A well-formed id; absent: all refunds of the account. */
  readonly paymentId?: string;
  readonly from?: number;
  readonly to?: number;
  readonly skip: number;
}

export interface Page {
  /** In the order of the answer, which is not documented; each refund once. */
  readonly refunds: readonly WireRefund[];
  readonly nextSkip: number | null;
}

/**
 * More refunds of one payment than this many pages of 100 are not counted: the payment is `unavailable`. Also the end of
 * a list that ignores `skip`.
 */
const MAX_PAGES = 50;

/**
 * One page of `GET /refunds` or `GET /payments/{id}/refunds` (razorpay.com/docs/api/refunds, "Fetch"). There is neither
 * cursor nor total: a page that is not full is the last. A page with one refund that cannot be read, or of another
 * payment, is `unavailable` as a whole: sums over it would be wrong.
 */
export async function readPage(access: Access, query: PageQuery): Promise<Look<Page>> {
  const { paymentId, from, to, skip } = query;
  const parameters = new URLSearchParams();
  if (from !== undefined) parameters.set('from', String(from));
  if (to !== undefined) parameters.set('to', String(to));
  parameters.set('count', String(capabilities.listPageSize));
  parameters.set('skip', String(skip));
  const path = `${paymentId === undefined ? '' : `/payments/${paymentId}`}/refunds?${parameters}`;
  const look = await read(access, path, wireRefundList, ({ items }) =>
    items.every((refund) => paymentId === undefined || refund.payment_id === paymentId),
  );
  if (look.kind !== 'found') return look;
  const { items } = look.value;
  return {
    kind: 'found',
    value: {
      refunds: [...new Map(items.map((refund) => [refund.id, refund])).values()],
      nextSkip: items.length < capabilities.listPageSize ? null : skip + capabilities.listPageSize,
    },
  };
}

/** All refunds of a payment. One that comes in between may shift a page: the same refund twice counts once. */
export async function readAllPages(access: Access, paymentId: string): Promise<Look<WireRefund[]>> {
  const found = new Map<string, WireRefund>();
  let skip = 0;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await readPage(access, { paymentId, skip });
    if (page.kind !== 'found') return page;
    for (const refund of page.value.refunds) found.set(refund.id, refund);
    if (page.value.nextSkip === null) return { kind: 'found', value: [...found.values()] };
    skip = page.value.nextSkip;
  }
  const failure = {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'This payment has more refunds than can be read.',
    retry: 'ASK_A_HUMAN',
    providerCode: null,
  } as const;
  return { kind: 'unavailable', failure };
}
