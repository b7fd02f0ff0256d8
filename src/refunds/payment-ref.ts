import type { PaymentId } from '../ids.ts';
import type { DeclaredPayment } from './declared-facts.ts';

/** How a caller names a payment: by our id, or by an account's code and the provider's own id. */
export type PaymentRef =
  | { readonly id: PaymentId }
  | {
      readonly account: string;
      readonly paymentId: string;
      /** Only where the provider cannot be asked about a payment. */
      readonly declared?: DeclaredPayment;
    };
