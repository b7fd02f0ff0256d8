/** What the simulator stores. Instants are simulated milliseconds since 1970, amounts minor units (two decimals). */
export interface PaymentRecord {
  id: string;
  seq: number;
  shopId: string;
  status: 'pending' | 'waiting_for_capture' | 'succeeded' | 'canceled';
  currency: string;
  /** The present amount: what was authorized and, after a capture, what was captured. */
  amountMinor: bigint;
  /** Held money that went back to the payer: the rest of a smaller capture, or a released hold. */
  releasedMinor: bigint;
  method: string;
  at: number;
  capturedAt?: number | undefined;
  expiresAt?: number | undefined;
  cancellation?: Cancellation | undefined;
  transfers: TransferRecord[];
}

export interface TransferRecord {
  accountId: string;
  amountMinor: bigint;
  feeMinor: bigint | undefined;
}

export interface Cancellation {
  party: string;
  reason: string;
}

export interface RefundRecord {
  id: string;
  seq: number;
  shopId: string;
  paymentId: string;
  status: 'pending' | 'succeeded' | 'canceled';
  currency: string;
  amountMinor: bigint;
  at: number;
  cancellation?: Cancellation | undefined;
  description?: string | undefined;
  metadata?: Record<string, string> | undefined;
  /** One entry for a refund of one store, one per store for a full refund of a split payment, empty otherwise. */
  sources: TransferRecord[];
  hasReceipt: boolean;
  origin: 'api' | 'console';
  providerKey: string | null;
}

export const EXPONENT = 2; // every currency of the enum below has two decimals at this provider

/** The `currency` enum of `MonetaryAmount`. */
export const CURRENCIES: ReadonlySet<string> = new Set(
  'RUB EUR USD KZT BYN UAH UZS TRY INR MDL AZN AMD'.split(' '),
);
