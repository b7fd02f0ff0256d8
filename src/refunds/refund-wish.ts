import type { RefundId } from '../ids.ts';
import type { Money } from '../money.ts';
import type { FeeBearer, FiscalReceipt, RefundSpeed } from '../vocabulary.ts';

/** What a caller wants back from one seller, in the payment's currency. */
export interface SourceWish {
  readonly seller: string;
  readonly amount: Money;
  /** The part of the platform's commission that goes back with it; null: as `feeBearer` says. */
  readonly platformFee: Money | null;
}

/** What a caller wants back of one line of the cart: so much of it, or so much off its price. */
export type ItemWish =
  | { readonly item: string; readonly quantityHundredths: bigint; readonly amount: null }
  | { readonly item: string; readonly quantityHundredths: null; readonly amount: Money };

export type AmountWish =
  | { readonly kind: 'remaining' }
  | { readonly kind: 'money'; readonly money: Money }
  | { readonly kind: 'items'; readonly items: readonly ItemWish[] }
  | { readonly kind: 'sources'; readonly sources: readonly SourceWish[] };

/** How much, from whom, and how: what the rules decide on. */
export interface RefundWish {
  readonly amount: AmountWish;
  /** Who bears the platform's commission on what is returned; needed where one was withheld. */
  readonly feeBearer: FeeBearer | null;
  readonly receipt: FiscalReceipt | null;
  readonly speed: RefundSpeed | null;
  /** What the caller saw as refundable; another figure refuses the refund. */
  readonly expectedRefundable: Money | null;
  /** A failed refund that this one takes the place of: it cannot be retried any more. */
  readonly replaces: RefundId | null;
}
