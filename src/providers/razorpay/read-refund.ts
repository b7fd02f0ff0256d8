import type { AccountAccess, KnownRefund, Look, RefundFacts } from '../provider.ts';
import type { RazorpayCredentials } from './credentials.ts';
import { readWirePayment } from './payment.ts';
import { read } from './read.ts';
import { refundFacts } from './refund-status.ts';
import { type WireRefund, isRefundId, wireRefund } from './wire.ts';

type Access = AccountAccess<RazorpayCredentials>;

/** One refund by its id there. */
export async function readRefund(
  access: Access,
  { providerRefundId }: Pick<KnownRefund, 'providerRefundId'>,
): Promise<Look<RefundFacts>> {
  if (!isRefundId(providerRefundId)) return { kind: 'absent' };
  const path = `/refunds/${providerRefundId}`;
  const look = await read(access, path, wireRefund, ({ id }) => id === providerRefundId);
  if (look.kind !== 'found') return look;
  return { kind: 'found', value: await explained(access, look.value) };
}

/** The facts of one refund; with one that failed its payment is read, whose age may be the reason. */
export async function explained(access: Access, refund: WireRefund): Promise<RefundFacts> {
  const facts = refundFacts(refund, null);
  if (facts.status !== 'FAILED') return facts;
  const payment = await readWirePayment(access, refund.payment_id);
  return payment.kind === 'found' ? refundFacts(refund, payment.value.created_at) : facts;
}

/** The same for refunds of one payment. */
export async function allExplained(
  access: Access,
  paymentId: string,
  refunds: readonly WireRefund[],
): Promise<RefundFacts[]> {
  const facts = refunds.map((refund) => refundFacts(refund, null));
  if (facts.every(({ status }) => status !== 'FAILED')) return facts;
  const payment = await readWirePayment(access, paymentId);
  if (payment.kind !== 'found') return facts;
  return refunds.map((refund) => refundFacts(refund, payment.value.created_at));
}
