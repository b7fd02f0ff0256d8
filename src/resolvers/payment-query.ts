import type { PaymentId } from '../ids.ts';
import { findPayment } from '../refunds/find-payment.ts';
import { demandFreshness, merchantOf, noteLook, type GraphQLContext } from './context.ts';
import { readLookLimits, type LookArguments } from './look-arguments.ts';
import { readPaymentRef, type PaymentRefInput } from './payment-ref.ts';
import { badUserInput, limitExceeded, providerUnavailable } from './request-errors.ts';

/** Payments that one operation may have fetched for the first time. */
export const MAX_UNSEEN_PAYMENTS = 5;

/**
 * The payment that is meant, fetched from its provider when it was never seen; null when there is none.
 *
 * @throws BAD_USER_INPUT for a declaration, LIMIT_EXCEEDED after MAX_UNSEEN_PAYMENTS, PROVIDER_UNAVAILABLE when the provider had to be asked
 */
export async function resolvePayment(
  context: GraphQLContext,
  args: LookArguments & { readonly by: PaymentRefInput },
): Promise<PaymentId | null> {
  const { maxAgeSeconds, waitMs } = readLookLimits(args, 5000);
  if (args.by.provider?.declared)
    throw badUserInput(['by', 'provider', 'declared'], 'A query takes nobody’s word. Leave `declared` out.');
  const ref = readPaymentRef(args.by);
  if (ref === undefined) return null;
  let refused = false;
  const mayFetch = () => {
    refused = context.operation.unseenPayments >= MAX_UNSEEN_PAYMENTS;
    if (!refused) context.operation.unseenPayments += 1;
    return !refused;
  };
  const look = await findPayment(context.world, merchantOf(context), ref, {
    maxAgeSeconds,
    waitMs,
    ...(context.operation.askedAt === undefined ? {} : { askedAt: context.operation.askedAt }),
    mayFetch,
    note: (seen) => noteLook(context, seen),
  });
  if (maxAgeSeconds !== undefined) noteLook(context, { plans: [], isUnfinished: false });
  if (refused)
    throw limitExceeded(
      `One operation may ask for at most ${MAX_UNSEEN_PAYMENTS} payments that were never seen.`,
    );
  if (look.kind === 'unavailable') throw providerUnavailable(look.failure);
  if (look.kind === 'absent') return null;
  if (maxAgeSeconds !== undefined) {
    demandFreshness(context, look.paymentId, maxAgeSeconds);
    if (look.readAt !== undefined) context.operation.askedAt ??= look.readAt;
  }
  context.loaders.payment.clear(look.paymentId);
  return look.paymentId;
}
