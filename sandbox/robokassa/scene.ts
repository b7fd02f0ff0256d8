import type { Fault } from '../faults.ts';
import type { Announce } from './announce.ts';
import type { Store } from './store.ts';

/** What an operation works with: the books at a simulated instant, perhaps under a fault. */
export interface Scene {
  store: Store;
  announce: Announce;
  now: number;
  fault: Fault | undefined;
}
