import type { Refund } from '../db/legs.ts';
import { formatDecimal, toCurrency } from '../money.ts';
import type { RefundStatus } from '../vocabulary.ts';

type Summarized = Pick<Refund, 'status' | 'currency' | 'amount_minor' | 'returned_minor'>;

/** What the sentences are made of: the whole amount and what was returned of it, as a person reads them. */
interface Amounts {
  readonly all: string;
  readonly returned: string;
  readonly isPartlyReturned: boolean;
  /** The provider returned another amount than was asked for. */
  readonly isOtherAmount: boolean;
}

const sentences: Record<RefundStatus, (amounts: Amounts) => string> = {
  AWAITING_APPROVAL: ({ all }) => `Your refund of ${all} is waiting to be approved.`,
  QUEUED: ({ all }) => `Your refund of ${all} was accepted and is about to be sent.`,
  PENDING: ({ all, returned, isPartlyReturned }) =>
    isPartlyReturned
      ? `Of your refund of ${all}, ${returned} has been returned and the rest is on its way.`
      : `Your refund of ${all} is on its way.`,
  UNKNOWN: ({ all }) => `We are finding out whether your refund of ${all} has gone through.`,
  MANUAL_REVIEW: ({ all }) => `Your refund of ${all} is being looked into by our staff.`,
  SUCCEEDED: ({ all, returned, isOtherAmount }) =>
    isOtherAmount
      ? `For your refund of ${all}, ${returned} has been returned.`
      : `Your refund of ${all} has been returned.`,
  PARTIALLY_SUCCEEDED: ({ all, returned }) =>
    `Of your refund of ${all}, ${returned} has been returned; the rest was not.`,
  FAILED: ({ all }) => `Your refund of ${all} could not be made, and no money has been returned.`,
  CANCELED: ({ all }) => `Your refund of ${all} was canceled before any money was returned.`,
  REVERSED: ({ all }) => `Your refund of ${all} was returned and came back to us.`,
};

/** What seemed to be made elsewhere was closed when it turned out to be another refund. */
const mergedSentence = (all: string): string =>
  `This refund of ${all} is the same as another one in the list, which says what became of the money.`;

/**
 * One English sentence about a refund that a customer can be told. Pure.
 *
 * @param isMerged it was closed because it is one of ours
 */
export function summarize(refund: Summarized, isMerged = false): string {
  const currency = toCurrency(refund.currency);
  const format = (minor: bigint): string => `${formatDecimal({ minor, currency })} ${currency}`;
  if (isMerged) return mergedSentence(format(refund.amount_minor));
  return sentences[refund.status]({
    all: format(refund.amount_minor),
    returned: format(refund.returned_minor),
    isPartlyReturned: refund.returned_minor > 0n,
    isOtherAmount: refund.returned_minor !== refund.amount_minor,
  });
}
