import type { Currency } from '../../money.ts';
import { failure } from '../failure.ts';
import type { RefundFacts } from '../provider.ts';
import type { WireOperation } from './wire.ts';

/** pay.yandex.ru/docs, "Operation". What became of a refund is read here only, never from the status of its order. */
const statuses: ReadonlyMap<string, RefundFacts['status']> = new Map([
  ['PENDING', 'PENDING'],
  ['SUCCESS', 'SUCCEEDED'],
  ['FAIL', 'FAILED'],
]);

export const isRefund = ({ operationType }: WireOperation): boolean => operationType === 'REFUND';

/** The facts of an operation that is a refund. */
export function refundFacts(wire: WireOperation, currency: Currency): RefundFacts {
  const status = statuses.get(wire.status) ?? 'UNRECOGNISED';
  return {
    providerRefundId: wire.operationId,
    providerPaymentId: wire.orderId,
    status,
    rawStatus: wire.status,
    amount: { minor: wire.amountMinor, currency },
    failure: status === 'FAILED' ? ended(wire) : null,
    ourReference: wire.externalOperationId ?? null,
    createdAt: wire.created,
    traceReferences: [],
    sources: [],
    providerDetails: {
      ...(wire.reason === undefined || wire.reason === '' ? {} : { reason: wire.reason }),
      // What of it went back as points of the buyer's Plus.
      ...(wire.pointsAmount === undefined ? {} : { points_amount: wire.pointsAmount }),
    },
  };
}

/** The reason is free text; the documentation says to ask the support. */
function ended({ status }: WireOperation) {
  const message = 'Yandex Pay ended this refund without returning money. Ask its support for the reason.';
  return failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', message, status);
}
