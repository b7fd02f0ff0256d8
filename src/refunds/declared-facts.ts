import { findPaymentAtProvider, type Payment } from '../db/payments.ts';
import { listProviderRefunds } from '../db/provider-refunds.ts';
import { failure } from '../providers/failure.ts';
import { toCurrency, type Money } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { Capabilities, Look, PaymentFacts, PaymentSight, RefundFacts } from '../providers/provider.ts';
import type { World } from './world.ts';

/** What a caller says of a payment whose provider cannot be asked about it. */
export interface DeclaredPayment {
  /** What was captured, before any refund. */
  readonly captured: Money;
  readonly capturedAt: Date | null;
  readonly orderReference: string | null;
}

/** Whether payments and refunds can be read there; else they are known by a caller's word and by answers to sends only. */
export const canBeAsked = ({ readsPayments }: Capabilities): boolean => readsPayments !== false;

/** The status word of a payment that is known by a caller's word only. */
const DECLARED = 'declared';

/** A declaration in the form of a provider's facts. */
export const factsOfDeclared = (
  providerPaymentId: string,
  { captured, capturedAt, orderReference }: DeclaredPayment,
  declaredAt: Date,
): PaymentFacts => ({
  providerPaymentId,
  handles: {},
  orderReference,
  state: 'CAPTURED',
  rawStatus: DECLARED,
  amount: captured,
  capturedMinor: captured.minor,
  refundedMinor: null,
  refundableByProvider: true,
  wholeOnly: false,
  method: null,
  createdAt: capturedAt ?? declaredAt,
  capturedAt,
  holdExpiresAt: null,
  refundWindowClosesAt: null,
  sources: [],
  items: [],
});

/** In place of a read: the stored declaration, as current as it can be, or what to do where there is none. */
export async function lookAtDeclared(
  world: Pick<World, 'db'>,
  { merchantId, accountId }: Connection,
  providerPaymentId: string,
): Promise<Look<PaymentSight>> {
  const stored = await findPaymentAtProvider(world.db, merchantId, accountId, providerPaymentId);
  return stored === undefined
    ? { kind: 'unavailable', failure: notDeclared }
    : {
        kind: 'found',
        value: { payment: factsOfStored(stored), refunds: await toldAndNobodys(world, stored) },
      };
}

/** What messages have told and is nobody's yet: it is made elsewhere once no leg of ours is without its name. */
async function toldAndNobodys({ db }: Pick<World, 'db'>, { id, provider_payment_id }: Payment) {
  const rows = await listProviderRefunds(db, id);
  return rows
    .filter((row) => row.leg_id === null && row.told_at !== null && row.status === 'SUCCEEDED')
    .map((row): RefundFacts => ({
      providerRefundId: row.provider_refund_id,
      providerPaymentId: provider_payment_id,
      status: 'SUCCEEDED',
      rawStatus: row.raw_status,
      amount: { minor: row.amount_minor, currency: toCurrency(row.currency) },
      failure: null,
      ourReference: row.our_reference,
      createdAt: row.provider_created_at,
      traceReferences: [],
      sources: [],
      providerDetails: row.details,
    }));
}

function factsOfStored(stored: Payment): PaymentFacts {
  const captured = { minor: stored.captured_minor, currency: toCurrency(stored.currency) };
  const { order_reference: orderReference, captured_at: capturedAt } = stored;
  const declared = { captured, capturedAt, orderReference };
  return factsOfDeclared(stored.provider_payment_id, declared, stored.provider_created_at);
}

const notDeclared = failure(
  'PROVIDER_UNAVAILABLE',
  'NEW_REQUEST',
  'This provider cannot be asked about a payment. It is known from the first refund on that says what was captured: `payment.provider.declared`.',
);
