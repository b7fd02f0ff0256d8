import type { Payment, PaymentSource } from '../../src/db/payments.ts';
import type { AccountId, MerchantId, PaymentId, SourceId } from '../../src/ids.ts';
import type { PaymentSituation } from '../../src/refunds/refund-situation.ts';
import type { RefundWish } from '../../src/refunds/refund-wish.ts';
import { capabilities } from '../../src/providers/yookassa/capabilities.ts';

/** Rows and wishes for the pure rules; nothing of this is stored. */
export const at = new Date('2026-11-22T12:00:00Z');

/** A captured payment of 1500.00 roubles. */
export const paymentRow = (more: Partial<Payment> = {}): Payment => ({
  id: 'payment' as PaymentId,
  merchant_id: 'merchant' as MerchantId,
  account_id: 'account' as AccountId,
  provider_payment_id: 'at-provider',
  order_reference: null,
  state: 'CAPTURED',
  raw_status: 'succeeded',
  method: null,
  currency: 'RUB',
  amount_minor: 150_000n,
  captured_minor: 150_000n,
  refunded_minor: 0n,
  reserved_minor: 0n,
  unbound_minor: 0n,
  provider_refunded_minor: null,
  refundable_by_provider: true,
  handles: {},
  whole_only: false,
  facts_from: 'PROVIDER',
  overcommitted: false,
  provider_created_at: at,
  captured_at: at,
  hold_expires_at: null,
  refund_window_closes_at: null,
  as_of: at,
  next_look_at: null,
  look_lease_until: null,
  look_failures: 0,
  looked_at: null,
  look_retry_at: null,
  look_retries: 0,
  mismatch_looks: 0,
  read_epoch: 1,
  released_epoch: null,
  version: 1,
  created_at: at,
  updated_at: at,
  ...more,
});

/** The share of a seller, with its own id. */
export const sourceRow = (more: Partial<PaymentSource> = {}): PaymentSource => ({
  id: `source-${more.seller ?? 'demo'}` as SourceId,
  merchant_id: 'merchant' as MerchantId,
  payment_id: 'payment' as PaymentId,
  seller: 'demo',
  captured_minor: 150_000n,
  refunded_minor: 0n,
  reserved_minor: 0n,
  platform_fee_minor: null,
  fee_returned_minor: 0n,
  fee_reserved_minor: 0n,
  overcommitted: false,
  ...more,
});

export const wish = (more: Partial<RefundWish> = {}): RefundWish => ({
  amount: { kind: 'remaining' },
  feeBearer: null,
  receipt: null,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  ...more,
});

/** Every amount above zero is taken. */
export const anyAmount = { minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n };

export const situation = (more: Partial<PaymentSituation> = {}): PaymentSituation => ({
  payment: paymentRow(),
  openLegs: [],
  isBeingCanceled: false,
  capabilities,
  amountRules: anyAmount,
  lines: [],
  allocate: undefined,
  now: at,
  ...more,
});
