/** `State/Code` of OpStateExt (docs.robokassa.ru/ru/xml-interfaces). */
export const STATES = {
  created: 5,
  cancelled: 10,
  held: 20,
  crediting: 50,
  returned: 60,
  suspended: 80,
  paid: 100,
} as const;
export type StateCode = (typeof STATES)[keyof typeof STATES];

/** What the simulator stores. Instants are simulated milliseconds since 1970, amounts kopecks. `id` is the InvoiceID. */
export interface PaymentRecord {
  id: string;
  seq: number;
  merchantLogin: string;
  opKey: string;
  /** Refunds never change it. */
  state: StateCode;
  /** `OutSum`, what the shop gets: of a confirmed hold what was confirmed. */
  outMinor: bigint;
  /** `IncSum`, what the buyer paid: with a surcharge more than `outMinor`. */
  incMinor: bigint;
  /** Held money that went back to the buyer without a refund. */
  releasedMinor: bigint;
  method: string;
  at: number;
  /** When it came into its state. */
  stateAt: number;
  /** When a hold ends by itself. */
  expiresAt?: number | undefined;
  items: ReceiptItem[];
}

/** One position of the receipt that was made at checkout. */
export interface ReceiptItem {
  name: string;
  /** In thousandths. */
  quantityMilli: bigint;
  costMinor: bigint;
}

/** `label` of GetState. */
export type RefundStatus = 'processing' | 'finished' | 'canceled';

/** A refund; `id` is the request id. Only those of v2 can be asked for by it. */
export interface RefundRecord {
  id: string;
  seq: number;
  paymentId: string;
  status: RefundStatus;
  amountMinor: bigint;
  at: number;
  origin: 'v2' | 'v1' | 'console';
  /** When a processing refund finishes by itself. */
  dueAt?: number | undefined;
}
