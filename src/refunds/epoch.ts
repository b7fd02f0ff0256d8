import type { Epoch } from '../db/epochs.ts';
import type { LockedPayment, Payment } from '../db/payments.ts';
import type { Problem } from '../errors.ts';
import type { Capabilities, PaymentFacts } from '../providers/provider.ts';
import { canBeAsked } from './declared-facts.ts';
import { retryAfterMs } from './refund-situation.ts';

const dayMs = 86_400_000;

/** So long after a restore callers may still repeat the keys of what was forgotten. */
export const keysAreRepeatedForMs = dayMs;

/** True where a read of a payment shows every refund of it, by whomever it was made. */
export const showsAllRefunds = ({ externalRefunds, listByPayment }: Capabilities): boolean =>
  listByPayment && externalRefunds !== 'INVISIBLE';

/**
 * Whether anything may be sent for the payment: its refunds were read since the last restore, or, where they
 * cannot be read, a person has released it (MONEY section 10). Under the payment's lock.
 */
export const mayBeSentFor = (payment: LockedPayment): boolean =>
  payment.read_epoch >= payment.epoch.number || payment.released_epoch === payment.epoch.number;

/**
 * Whether a read that began in this epoch has shown all that a restore may have made us forget. Where refunds
 * cannot be listed, only a payment of which nothing could be refunded before the epoch is known completely.
 */
export const showsAllForgotten = (
  capabilities: Capabilities,
  { state, capturedAt, createdAt }: Pick<PaymentFacts, 'state' | 'capturedAt' | 'createdAt'>,
  epoch: Epoch,
): boolean => {
  if (epoch.number === 1 || showsAllRefunds(capabilities) || state !== 'CAPTURED') return true;
  // When a caller declared a payment says nothing of when it was made.
  const since = capturedAt ?? (canBeAsked(capabilities) ? createdAt : null);
  return since !== null && since >= epoch.openedAt;
};

/** Whether a payment waits for a person, since its forgotten refunds cannot be read. */
export const isBlocked = (capabilities: Capabilities, payment: Payment, epoch: Epoch): boolean =>
  payment.read_epoch < epoch.number &&
  payment.released_epoch !== epoch.number &&
  !showsAllForgotten(
    capabilities,
    { state: payment.state, capturedAt: payment.captured_at, createdAt: payment.provider_created_at },
    epoch,
  );

/** While it is true, a provider refund with a reference of ours that we do not know may yet be claimed by its key. */
export const keysAreStillRepeated = ({ epoch, locked_at }: LockedPayment): boolean =>
  epoch.number > 1 && locked_at.getTime() < epoch.openedAt.getTime() + keysAreRepeatedForMs;

const path = ['input', 'payment'];

export const blockedMessage =
  'The database was restored, and this provider does not list refunds: what was refunded before is not known. A person has to release the payment.';

/** Why nothing is begun with a payment that was not read since the restore. */
export const notReadYet = (capabilities: Capabilities, payment: LockedPayment): Problem =>
  isBlocked(capabilities, payment, payment.epoch)
    ? {
        type: 'PaymentNotRefundable',
        code: 'PAYMENT_NOT_REFUNDABLE',
        message: blockedMessage,
        path,
        retry: 'ASK_A_HUMAN',
      }
    : {
        type: 'OperationInProgress',
        code: 'ANOTHER_OPERATION_IN_PROGRESS',
        message:
          'The database was restored, and the refunds of this payment are read first. Ask again with the same key.',
        path,
        retry: 'WAIT',
        existingRefundId: null,
        retryAfterMs,
      };
