import { factsAgeMs, type Payment, type ReadPayment } from '../db/payments.ts';
import { providerProblem, refuse, succeed, type Problem, type Result } from '../errors.ts';
import type { Connection } from '../providers/connections.ts';
import { declarePayment, whyNotNamedSo } from './declare-payment.ts';
import type { FreshRefunds } from './find-forgotten.ts';
import { findStoredPayment } from './find-payment.ts';
import type { PaymentRef } from './payment-ref.ts';
import { seePayment } from './see-payment.ts';
import { whyUnavailable } from './unavailable-adapter.ts';
import type { Caller, World } from './world.ts';

export interface LocatedPayment {
  readonly payment: Payment;
  readonly connection: Connection;
  /** True when it was read at its provider just now. */
  readonly isFresh: boolean;
  /** How old its facts are, in milliseconds. */
  readonly ageMs: number;
  /** What that read has shown. */
  readonly fresh?: FreshRefunds;
}

const path = ['input', 'payment'];

/** One answer for what does not exist, what another merchant has, and an account that is not the caller's. */
const paymentNotFound: Problem = {
  type: 'NotFound',
  code: 'PAYMENT_NOT_FOUND',
  message: 'There is no such payment. Check the account code and the payment id.',
  path,
  retry: 'NEW_REQUEST',
};

/**
 * Finds the payment that a mutation names; one that was never seen is read at its provider, outside any
 * transaction, for at most 10 s, or, where the provider cannot be asked, taken as the caller declares it. A failure
 * leaves the caller's key unused.
 */
export async function locatePayment(
  world: World,
  caller: Caller,
  ref: PaymentRef,
): Promise<Result<LocatedPayment>> {
  return locateFrom(world, caller, ref, await findStoredPayment(world, caller.viewer.merchantId, ref));
}

/**
 * The same for a payment that was looked up already.
 *
 * @param stored undefined: it is not stored
 */
export async function locateFrom(
  world: World,
  caller: Caller,
  ref: PaymentRef,
  stored: ReadPayment | undefined,
): Promise<Result<LocatedPayment>> {
  const { merchantId } = caller.viewer;
  const declared = 'id' in ref ? undefined : ref.declared;
  if (stored !== undefined) {
    const connection = world.connections.find(stored.account_id);
    if (connection === undefined) return refuse(accountNotConfigured);
    const problem = whyUnavailable(connection, path) ?? whyNotNamedSo(connection, stored, declared);
    return problem === undefined
      ? succeed({ payment: stored, connection, isFresh: false, ageMs: factsAgeMs(stored) })
      : refuse(problem);
  }
  const connection = 'id' in ref ? undefined : world.connections.findByCode(merchantId, ref.account);
  if ('id' in ref || connection === undefined) return refuse(paymentNotFound);
  const problem = whyUnavailable(connection, path) ?? whyNotNamedSo(connection, undefined, declared);
  if (problem !== undefined) return refuse(problem);
  if (declared !== undefined) {
    const taken = await declarePayment(world, caller, connection, ref.paymentId, declared);
    if (!taken.ok) return taken;
  }
  const sight = await seePayment(world, connection, ref.paymentId);
  if (sight.kind === 'absent') return refuse(paymentNotFound);
  if (sight.kind === 'unavailable')
    return refuse({ ...providerProblem(sight.failure, path), retry: 'SAME_KEY' });
  return succeed({ payment: sight.payment, connection, isFresh: true, ageMs: 0, fresh: sight });
}

const accountNotConfigured: Problem = {
  type: 'ProviderProblem',
  code: 'PROVIDER_UNAVAILABLE',
  message: 'The account of this payment is not configured any more. Ask the operator of this service.',
  path,
  retry: 'ASK_A_HUMAN',
  providerCode: null,
};
