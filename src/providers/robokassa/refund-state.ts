import { z } from 'zod';
import type { AccountAccess, KnownRefund, Look, RefundFacts } from '../provider.ts';
import { readFailure, unavailable } from './errors.ts';
import { factsOf } from './refund-facts.ts';
import { invoiceOfV1, isRequestId, requestIdOf } from './ids.ts';
import { CURRENCY, fromWire } from './money.ts';
import { readExactly } from './read-exactly.ts';
import { REFUNDS_HOST, type RoboKassaCredentials, type RoboKassaOptions } from './settings.ts';
import { readV1 } from './v1.ts';

type Access = AccountAccess<RoboKassaCredentials, RoboKassaOptions>;

const wireState = z.object({
  requestId: z.string(),
  label: z.string().min(1).max(64),
  amount: z.string().nullish(),
});
const wireUnknownId = z.object({ message: z.string(), label: z.never().optional() });

/** Labels (docs.robokassa.ru/ru/refund-api); none says that a refund failed. */
const statuses: ReadonlyMap<string, RefundFacts['status']> = new Map([
  ['processing', 'PENDING'],
  ['finished', 'SUCCEEDED'],
  ['canceled', 'CANCELED'],
]);

/**
 * One refund by its id there: `Refund/GetState` for a request id of v2 (docs.robokassa.ru/ru/refund-api; without any
 * signature, so that the id is a secret), `OpRefundStatus` for one of v1.
 */
export async function readRefund(access: Access, known: KnownRefund): Promise<Look<RefundFacts>> {
  const invoiceId = invoiceOfV1(known.providerRefundId);
  // The refund of another invoice is none of this payment.
  if (invoiceId !== undefined)
    return invoiceId === known.providerPaymentId ? readV1(access, invoiceId, known) : { kind: 'absent' };
  if (!isRequestId(known.providerRefundId)) return { kind: 'absent' };
  const requestId = requestIdOf(known.providerRefundId);
  const request = {
    method: 'GET',
    path: `/Refund/GetState?id=${requestId}`,
    host: REFUNDS_HOST,
    headers: { Accept: 'application/json' },
    body: null,
  } as const;
  const result = await access.http.read(request, {});
  if (result.kind !== 'answer') return { kind: 'unavailable', failure: readFailure(result) };
  const isUnknownId = result.status === 200 || result.status === 400;
  if (isUnknownId && readExactly(wireUnknownId, result.text) !== undefined) return { kind: 'absent' };
  const state = result.status === 200 ? readExactly(wireState, result.text) : undefined;
  if (state === undefined || requestIdOf(state.requestId) !== requestId)
    return { kind: 'unavailable', failure: readFailure(result) };
  // Missing while it is under way; what is told has to be exact.
  const told = state.amount ?? null;
  const minor = told === null ? known.amount.minor : fromWire(told);
  if (minor === undefined)
    return { kind: 'unavailable', failure: unavailable('RoboKassa names an amount that cannot be read.') };
  return {
    kind: 'found',
    value: {
      ...factsOf({ ...known, providerRefundId: requestId }),
      status: statuses.get(state.label) ?? 'UNRECOGNISED',
      rawStatus: state.label,
      amount: { minor, currency: told === null ? known.amount.currency : CURRENCY },
    },
  };
}
