import type { PaymentItem } from '../db/payment-items.ts';
import type { Payment } from '../db/payments.ts';
import type { NewLeg } from '../db/refunds.ts';
import { uuidv7, type LegId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { ItemFacts, RefundOrder } from '../providers/provider.ts';
import { leaseMsOf } from './claim.ts';
import type { CreateRefundCommand } from './create-refund.ts';
import type { PlannedLeg } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';
import { refundOrder } from './refund-order.ts';
import { cartBehindOthers } from './refundable-items.ts';
import { storedRequest } from './stored-request.ts';
import type { Caller } from './world.ts';

/**
 * What is asked of the provider for one leg of a new refund, behind everything that is reserved already.
 *
 * @param providerKey empty where the order is only checked, and not made into bytes
 */
export const orderOf = (
  command: CreateRefundCommand,
  payment: Payment,
  cart: readonly ItemFacts[],
  planned: PlannedLeg,
  providerKey: string,
): RefundOrder =>
  refundOrder(payment, cart, payment.reserved_minor, {
    amountMinor: planned.amountMinor,
    providerKey,
    metadata: command.metadata,
    reason: command.reason,
    receipt: command.receipt,
    items: planned.items,
    sends: 0,
    ...(command.speed === null ? {} : { speed: command.speed }),
    ...(planned.sellers.length === 0 ? {} : { sources: planned.sellers }),
  });

/** A leg as it is stored: with its share, its lines, its key and the exact bytes; SENDING with a lease, or QUEUED. */
export function newLeg(
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  payment: Payment,
  lines: readonly PaymentItem[],
  planned: PlannedLeg,
  isSending: boolean,
): NewLeg {
  const providerKey = deriveProviderKey({
    merchantCode: caller.viewer.merchantCode,
    idempotencyKey: command.idempotencyKey,
    legName: planned.name,
    attempt: 1,
  });
  const order = orderOf(command, payment, cartBehindOthers(lines), planned, providerKey);
  const request = connection.adapter.buildRefund(order);
  return {
    legId: uuidv7<LegId>(),
    name: planned.name,
    status: isSending ? 'SENDING' : 'QUEUED',
    amountMinor: planned.amountMinor,
    returnedMinor: 0n,
    shares: planned.shares,
    items: planned.items.map(({ item, quantityHundredths, amountMinor }) => ({
      itemId: lines.find((line) => line.item === item)!.id,
      quantityHundredths,
      amountMinor,
    })),
    counts: { reserved: 1, refunded: 0 },
    columns: { provider_refund_id: null, raw_status: null, failure: null, trace_references: '[]' },
    attempt: storedRequest(connection.adapter, providerKey, request),
    leaseMs: isSending ? leaseMsOf(connection) : null,
    nextLookInMs: isSending ? leaseMsOf(connection) : 0,
  };
}
