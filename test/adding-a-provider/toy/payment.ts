import type { z } from 'zod';
import { failure } from '../../../src/providers/failure.ts';
import type {
  AccountAccess,
  KnownRefund,
  Look,
  PaymentFacts,
  PaymentSight,
  PaymentState,
  RefundFacts,
  RefundListPage,
  RefundListQuery,
} from '../../../src/providers/provider.ts';
import { readAs } from '../../../src/providers/read-json.ts';
import { readFailure, saysAbsent } from './errors.ts';
import { isToyId, wirePayment, wireRefund, type WirePayment, type WireRefund } from './wire.ts';

export interface ToyCredentials {
  readonly bank: string;
  readonly token: string;
}
export type Access = AccountAccess<ToyCredentials>;

export const authorization = ({ token }: ToyCredentials) => ({ authorization: `Token ${token}` });

/** One call tells the payment and all its refunds. */
export async function readPayment(access: Access, id: string): Promise<Look<PaymentSight>> {
  const look = await read(access, 'payments', id, wirePayment);
  if (look.kind !== 'found') return look;
  return {
    kind: 'found',
    value: { payment: paymentFacts(look.value), refunds: look.value.refunds.map(refundFacts) },
  };
}

export async function readRefund(access: Access, known: KnownRefund): Promise<Look<RefundFacts>> {
  const look = await read(access, 'refunds', known.providerRefundId, wireRefund);
  return look.kind === 'found' ? { kind: 'found', value: refundFacts(look.value) } : look;
}

export async function listRefunds(access: Access, query: RefundListQuery): Promise<Look<RefundListPage>> {
  if (query.providerPaymentId === undefined) return { kind: 'unavailable', failure: noSuchList };
  const look = await readPayment(access, query.providerPaymentId);
  if (look.kind !== 'found') return look;
  const refunds = look.value.refunds.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  return { kind: 'found', value: { refunds, nextCursor: null } };
}

const noSuchList = failure(
  'PROVIDER_UNAVAILABLE',
  'NEVER',
  'Toy Bank lists the refunds of one payment only.',
);

async function read<T extends { readonly id: string }>(
  access: Access,
  what: string,
  id: string,
  schema: z.ZodType<T>,
): Promise<Look<T>> {
  if (!isToyId(id)) return { kind: 'absent' };
  const request = { method: 'GET', path: `/${what}/${id}`, headers: {}, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  if (saysAbsent(result)) return { kind: 'absent' };
  const wire = result.kind === 'answer' && result.status === 200 ? readAs(schema, result.text) : undefined;
  if (wire?.id !== id) return { kind: 'unavailable', failure: readFailure(result) };
  return { kind: 'found', value: wire };
}

const states: ReadonlyMap<string, PaymentState> = new Map([
  ['open', 'PENDING'],
  ['held', 'AUTHORIZED'],
  ['paid', 'CAPTURED'],
]);

function paymentFacts(wire: WirePayment): PaymentFacts {
  const state = states.get(wire.status) ?? 'PENDING';
  return {
    providerPaymentId: wire.id,
    handles: {},
    orderReference: null,
    state,
    rawStatus: wire.status,
    amount: { minor: wire.amount, currency: wire.currency },
    capturedMinor: state === 'CAPTURED' ? wire.amount : 0n,
    refundedMinor: null,
    refundableByProvider: true,
    wholeOnly: false,
    method: null,
    createdAt: wire.opened_at,
    capturedAt: null,
    holdExpiresAt: null,
    refundWindowClosesAt: null,
    sources: [],
    items: [],
  };
}

const statuses: ReadonlyMap<string, RefundFacts['status']> = new Map([
  ['waiting', 'PENDING'],
  ['succeeded', 'SUCCEEDED'],
  ['failed', 'FAILED'],
  ['stopped', 'CANCELED'],
]);
const ended = failure('PROVIDER_REJECTED', 'RETRY_REFUND', 'Toy Bank ended it without returning money.');

export function refundFacts(wire: WireRefund): RefundFacts {
  const status = statuses.get(wire.status) ?? 'UNRECOGNISED';
  const returnedNothing = status === 'FAILED' || status === 'CANCELED';
  return {
    providerRefundId: wire.id,
    providerPaymentId: wire.payment,
    status,
    rawStatus: wire.status,
    amount: { minor: wire.amount, currency: wire.currency },
    failure: returnedNothing ? { ...ended, providerCode: wire.status } : null,
    ourReference: wire.note,
    createdAt: wire.made_at,
    traceReferences: [],
    sources: [],
    providerDetails: {},
  };
}
