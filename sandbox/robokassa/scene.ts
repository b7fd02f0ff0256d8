import type { Fault } from '../faults.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

/** Tells the shop that a payment came into its present state. */
export type Announce = (payment: PaymentRecord) => void;

/** What an operation works with: the books at a simulated instant, perhaps under a fault. */
export interface Scene {
  store: Store;
  announce: Announce;
  now: number;
  fault: Fault | undefined;
}
