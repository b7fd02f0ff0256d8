import { readAs } from '../../read-json.ts';
import type { Money } from '../../../money.ts';
import type {
  AccountAccess,
  Look,
  PaymentFacts,
  PaymentSight,
  PaymentState,
  RefundFacts,
} from '../../provider.ts';
import type { ConnectorCall } from '../connector-call.ts';
import type { CredentialsOf } from '../credentials.ts';
import { fromWire } from '../money.ts';
import { readFailure, unavailable } from '../verdict.ts';
import { authorization } from './authorization.ts';
import { readError } from './errors.ts';
import { isPaymentId, wireActions, wirePayment, type WireAction, type WirePayment } from './wire.ts';

export type Access = AccountAccess<CredentialsOf<'checkout'>>;

/** The words of `status` (checkout.com/docs, "Payment statuses"); another one is PENDING, in which nothing is refunded. */
const states: ReadonlyMap<string, PaymentState> = new Map([
  ['Pending', 'PENDING'],
  ['Authorized', 'AUTHORIZED'],
  ['Captured', 'CAPTURED'],
  ['Partially Captured', 'CAPTURED'],
  ['Partially Refunded', 'CAPTURED'],
  ['Refunded', 'CAPTURED'],
  ['Voided', 'CANCELED'],
  ['Canceled', 'CANCELED'],
  ['Expired', 'CANCELED'],
  ['Declined', 'FAILED'],
]);

/** The payment with its actions, read in parallel; the amount and the currency are the raw ones, never what we said. */
export async function readPayment(
  call: ConnectorCall,
  access: Access,
  id: string,
): Promise<Look<PaymentSight>> {
  if (!isPaymentId(id)) return { kind: 'absent' };
  const [payment, actions] = await Promise.all([
    readWirePayment(call, access, id),
    readActions(call, access, id),
  ]);
  if (payment.kind !== 'found') return payment;
  if (actions.kind !== 'found') return actions;
  const now = access.clock.now();
  const facts = paymentFacts(payment.value, actions.value, now);
  if (facts === undefined)
    return { kind: 'unavailable', failure: unavailable('Checkout.com told an amount that cannot be read.') };
  return {
    kind: 'found',
    value: { payment: facts, refunds: refundsAmong(id, actions.value, facts.amount.currency, now) },
  };
}

async function readWirePayment(call: ConnectorCall, access: Access, id: string): Promise<Look<WirePayment>> {
  const result = await access.http.read(call.payment(id), authorization(access.credentials));
  if (result.kind === 'answer' && result.status === 404 && readError(result.text, 404))
    return { kind: 'absent' };
  const wire =
    result.kind === 'answer' && result.status === 200 ? readAs(wirePayment, result.text) : undefined;
  return wire?.id === id
    ? { kind: 'found', value: wire }
    : { kind: 'unavailable', failure: readFailure(result) };
}

/** The request is the same for every action of a payment. */
const ANY_ACTION = 'act_any';

/** `GET /payments/{id}/actions`, raw: the library takes no answer with an action of a type that it does not know. */
export async function readActions(
  call: ConnectorCall,
  access: Access,
  paymentId: string,
): Promise<Look<readonly WireAction[]>> {
  const request = call.refundGet(paymentId, ANY_ACTION);
  const result = await access.http.read(request, authorization(access.credentials));
  if (result.kind === 'answer' && result.status === 404 && readError(result.text, 404))
    return { kind: 'absent' };
  const actions =
    result.kind === 'answer' && result.status === 200 ? readAs(wireActions, result.text) : undefined;
  return actions === undefined
    ? { kind: 'unavailable', failure: readFailure(result) }
    : { kind: 'found', value: actions };
}

/** The refunds among the actions, newest first. */
export function refundsAmong(
  providerPaymentId: string,
  actions: readonly WireAction[],
  currency: Money['currency'],
  seenAt: Date,
): RefundFacts[] {
  return actions.flatMap((action): RefundFacts[] => {
    const amount = action.amount === undefined ? undefined : fromWire(action.amount, currency);
    if (action.type !== 'Refund' || amount === undefined) return [];
    return [
      {
        providerRefundId: action.id,
        providerPaymentId,
        status: action.approved === undefined ? 'PENDING' : action.approved ? 'SUCCEEDED' : 'FAILED',
        rawStatus: action.approved === undefined ? 'requested' : action.approved ? 'approved' : 'declined',
        amount,
        failure:
          action.approved === false
            ? {
                code: 'PROVIDER_REJECTED',
                retry: 'ASK_A_HUMAN',
                message: 'The refund was declined, and Checkout.com names no reason.',
                providerCode: 'declined',
              }
            : null,
        ourReference: action.reference ?? null,
        createdAt: action.processed_on === undefined ? seenAt : new Date(action.processed_on),
        traceReferences: [],
        sources: [],
        providerDetails: {},
      },
    ];
  });
}

function paymentFacts(
  wire: WirePayment,
  actions: readonly WireAction[],
  seenAt: Date,
): PaymentFacts | undefined {
  const amount = fromWire(wire.amount, wire.currency);
  if (amount === undefined) return undefined;
  const state = states.get(wire.status) ?? 'PENDING';
  const sum = (type: string): bigint =>
    actions.reduce(
      (total, one) => total + (one.type === type && one.approved === true ? BigInt(one.amount ?? 0) : 0n),
      0n,
    );
  const captured = wire.balances?.total_captured;
  return {
    providerPaymentId: wire.id,
    handles: {},
    orderReference: wire.reference ?? null,
    state,
    rawStatus: wire.status,
    amount,
    capturedMinor: state === 'CAPTURED' ? (captured === undefined ? sum('Capture') : BigInt(captured)) : 0n,
    refundedMinor: sum('Refund'),
    refundableByProvider: state === 'CAPTURED',
    wholeOnly: false,
    method: null,
    createdAt: wire.requested_on === undefined ? seenAt : new Date(wire.requested_on),
    capturedAt: null,
    holdExpiresAt: null,
    refundWindowClosesAt: null,
    sources: [],
    items: [],
  };
}
