import type { PaymentRecord } from './records.ts';

/** Tells the shop that a payment came into its present state. */
export type Announce = (payment: PaymentRecord) => void;
