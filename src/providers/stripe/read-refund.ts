import type { AccountAccess, KnownRefund, Look, RefundFacts } from '../provider.ts';
import type { StripeCredentials } from './credentials.ts';
import { read } from './read.ts';
import { refundFacts } from './refund-status.ts';
import { isRefundId, wireRefund } from './wire.ts';

/** One refund by its id there (docs.stripe.com/api/refunds/retrieve). */
export async function readRefund(
  access: AccountAccess<StripeCredentials>,
  { providerRefundId }: Pick<KnownRefund, 'providerRefundId'>,
): Promise<Look<RefundFacts>> {
  // No such id exists there, and it must not enter a URL.
  if (!isRefundId(providerRefundId)) return { kind: 'absent' };
  const look = await read(
    access,
    `/refunds/${providerRefundId}`,
    wireRefund,
    ({ id }) => id === providerRefundId,
  );
  return look.kind === 'found' ? { kind: 'found', value: refundFacts(look.value) } : look;
}
