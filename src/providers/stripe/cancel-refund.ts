import { readAs } from '../read-json.ts';
import { failure } from '../failure.ts';
import type { AccountAccess, CancelOutcome, KnownRefund } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { authorization, type StripeCredentials } from './credentials.ts';
import { unreadable, verdictOf } from './errors.ts';
import { post } from './post.ts';
import { readRefund } from './read-refund.ts';
import { refundFacts } from './refund-status.ts';
import { isRefundId, wireRefund } from './wire.ts';

/** "You can't cancel refunds in other states" (docs.stripe.com/api/refunds/cancel). */
export const isPossible = (rawStatus: string): boolean => rawStatus === 'requires_action';

/**
 * `POST /refunds/{id}/cancel`, without a key: a stored answer would say nothing about the refund as it is now, and it can
 * be canceled once only. A refusal counts unless the refund is found to be canceled already.
 */
export async function send(
  access: AccountAccess<StripeCredentials>,
  { providerRefundId }: Pick<KnownRefund, 'providerRefundId'>,
  mayStillSend: () => boolean,
): Promise<CancelOutcome> {
  if (!isRefundId(providerRefundId)) {
    const absent = failure('PROVIDER_REJECTED', 'NEVER', 'Stripe has no refund with such an id.');
    return { kind: 'refused', failure: absent, evidence: { sent: false } };
  }
  const request = post(`/refunds/${providerRefundId}/cancel`, [], {});
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send(request, authorization(access.credentials), options);
  const verdict = verdictOf(result, access.clock.now());
  const { evidence } = verdict;
  if (verdict.kind === 'done') {
    const refund = readAs(wireRefund, verdict.text);
    if (refund?.id !== providerRefundId) return unreadable(evidence);
    return { kind: 'accepted', refund: refundFacts(refund), evidence };
  }
  if (verdict.kind !== 'refused') return { kind: verdict.kind, failure: verdict.failure, evidence };

  const look = await readRefund(access, { providerRefundId });
  if (look.kind === 'found' && look.value.status === 'CANCELED')
    return { kind: 'accepted', refund: look.value, evidence };
  const message = 'Stripe cancels a refund only while it waits for the customer.';
  const refused = failure('PROVIDER_REJECTED', 'NEVER', message, verdict.error.code ?? null);
  return { kind: 'refused', failure: refused, evidence };
}
