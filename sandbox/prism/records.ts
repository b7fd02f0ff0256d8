/** The connectors that have an API of their own here; `stripe` is the Stripe simulator's. */
export const CONNECTORS = ['adyen', 'checkout'] as const;
export type ConnectorName = (typeof CONNECTORS)[number];

/** What the simulator stores. Instants are simulated milliseconds since 1970, amounts minor units of the currency. */
export interface PaymentRecord {
  id: string;
  seq: number;
  at: number;
  connector: ConnectorName;
  account: string;
  status: 'pending' | 'authorized' | 'captured' | 'voided';
  currency: string;
  amountMinor: bigint;
  /** Less than the amount after a smaller capture; the rest was released. */
  capturedMinor: bigint;
  capturedAt?: number | undefined;
  /** The void that ended a hold: its id at the connector and the reference that came with it. */
  voided?: { id: string; reference: string | null; at: number } | undefined;
}

export interface RefundRecord {
  id: string;
  seq: number;
  at: number;
  connector: ConnectorName;
  account: string;
  paymentId: string;
  /** `reversed`: it had succeeded, and the money came back to the merchant. */
  status: 'pending' | 'succeeded' | 'failed' | 'reversed';
  currency: string;
  amountMinor: bigint;
  reference: string | null;
  /** Why it failed, in the connector's words. */
  failure?: string | undefined;
  origin: 'api' | 'console';
}
