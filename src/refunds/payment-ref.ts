import type { PaymentId } from '../ids.ts';

/** How a caller names a payment: by our id, or by an account's code and the provider's own id. */
export type PaymentRef =
  | { readonly id: PaymentId }
  | { readonly account: string; readonly paymentId: string };
