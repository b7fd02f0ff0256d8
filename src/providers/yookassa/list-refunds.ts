import { readAs } from '../read-json.ts';
import type {
  AccountAccess,
  KnownRefund,
  Look,
  RefundFacts,
  RefundListPage,
  RefundListQuery,
} from '../provider.ts';
import { capabilities } from './capabilities.ts';
import { authorization, type YooKassaCredentials } from './credentials.ts';
import { deniedBy, readFailure } from './errors.ts';
import { refundFacts } from './refund-status.ts';
import { isWireId, wireRefund, wireRefundList } from './wire.ts';

type Access = AccountAccess<YooKassaCredentials>;

/**
 * One page of refunds, newest first, of the last three years (yookassa.ru/developers, "Lists"). A cursor goes with the
 * same filters as the page it came from. A page with one refund that cannot be read is `unavailable` as a whole: sums
 * over it would be wrong.
 */
export async function listRefunds(access: Access, query: RefundListQuery): Promise<Look<RefundListPage>> {
  const request = { method: 'GET', path: `/refunds?${search(query)}`, headers: {}, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  const list =
    result.kind === 'answer' && result.status === 200 ? readAs(wireRefundList, result.text) : undefined;
  const { providerPaymentId } = query;
  const foreign = list?.items.some(
    (refund) => providerPaymentId !== undefined && refund.payment_id !== providerPaymentId,
  );
  if (list === undefined || foreign === true) return { kind: 'unavailable', failure: readFailure(result) };
  return {
    kind: 'found',
    value: { refunds: list.items.map(refundFacts), nextCursor: list.next_cursor ?? null },
  };
}

/** One refund by its id there. */
export async function readRefund(
  access: Access,
  { providerRefundId }: Pick<KnownRefund, 'providerRefundId'>,
): Promise<Look<RefundFacts>> {
  if (!isWireId(providerRefundId)) return { kind: 'absent' };
  const request = { method: 'GET', path: `/refunds/${providerRefundId}`, headers: {}, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  if (deniedBy(result, 404)) return { kind: 'absent' };
  const wire =
    result.kind === 'answer' && result.status === 200 ? readAs(wireRefund, result.text) : undefined;
  if (wire === undefined || wire.id !== providerRefundId) {
    return { kind: 'unavailable', failure: readFailure(result) };
  }
  return { kind: 'found', value: refundFacts(wire) };
}

/** Filter names have a dot (`created_at.gte`), not brackets. */
function search({ providerPaymentId, createdFrom, createdTo, cursor }: RefundListQuery): string {
  const parameters = new URLSearchParams();
  if (providerPaymentId !== undefined) parameters.set('payment_id', providerPaymentId);
  if (createdFrom !== undefined) parameters.set('created_at.gte', createdFrom.toISOString());
  if (createdTo !== undefined) parameters.set('created_at.lte', createdTo.toISOString());
  parameters.set('limit', String(capabilities.listPageSize));
  if (cursor !== undefined) parameters.set('cursor', cursor);
  return parameters.toString();
}
