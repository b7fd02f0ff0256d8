import { readNowAndEpoch } from '../db/epochs.ts';
import { insertEvent } from '../db/events.ts';
import { inTransaction } from '../db/in-transaction.ts';
import {
  findPaymentAtProvider,
  insertPaymentIfAbsent,
  insertPaymentSourcesIfAbsent,
  type Payment,
} from '../db/payments.ts';
import { reopenEvidence } from '../db/webhook-deliveries.ts';
import { invalidInput, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { formatDecimal, toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import { canBeAsked, factsOfDeclared, type DeclaredPayment } from './declared-facts.ts';
import { firstRow, firstSources } from './first-row.ts';
import { causeOf, type Caller, type World } from './world.ts';

const path = ['input', 'payment', 'provider', 'declared'];

/** How far the caller's clock may be ahead of ours. */
const clockSkewMs = 60_000;

/** Why a payment of this account cannot be used as it is named; undefined when it can. Pure. */
export function whyNotNamedSo(
  { adapter }: Connection,
  stored: Payment | undefined,
  declared: DeclaredPayment | undefined,
): Problem | undefined {
  if (canBeAsked(adapter.capabilities))
    return declared && invalidInput(path, 'This provider is asked about its payments. Leave `declared` out.');
  if (stored !== undefined) return declared && whyDiffers(stored, declared);
  return declared === undefined ? notDeclared : undefined;
}

const notDeclared: Problem = {
  type: 'CapabilityMissing',
  code: 'CAPABILITY_MISSING',
  message: 'This provider cannot be asked about a payment, and this one was never seen.',
  path,
  retry: 'NEW_REQUEST',
  capability: 'readsPayments',
  alternative: 'Say what was captured in `payment.provider.declared`.',
};

/** What was declared first stays: a refund counts on it. */
function whyDiffers(stored: Payment, declared: DeclaredPayment): Problem | undefined {
  const { captured, capturedAt, orderReference } = declared;
  const known = { minor: stored.captured_minor, currency: toCurrency(stored.currency) };
  if (captured.currency !== known.currency)
    return {
      type: 'CurrencyMismatch',
      code: 'CURRENCY_MISMATCH',
      message: `This payment was declared before, in ${known.currency}.`,
      path: [...path, 'captured', 'currency'],
      retry: 'NEW_REQUEST',
      expectedCurrency: known.currency,
    };
  if (captured.minor !== known.minor)
    return invalidInput(
      [...path, 'captured', 'value'],
      `This payment was declared before, with ${formatDecimal(known)} ${known.currency}.`,
    );
  const isOther = (said: unknown, before: unknown): boolean => said !== null && said !== before;
  if (isOther(capturedAt?.getTime() ?? null, stored.captured_at?.getTime()))
    return invalidInput([...path, 'capturedAt'], 'This payment was declared before, with another time.');
  if (isOther(orderReference, stored.order_reference))
    return invalidInput(
      [...path, 'orderReference'],
      'This payment was declared before, with another reference of its order.',
    );
  return undefined;
}

/**
 * Takes a caller's word for a payment that its provider cannot be asked about, once: the first declaration makes its
 * row, with an event that says whose word it is; of two at once, one wins and the other has to say the same. The
 * provider is not called.
 */
export async function declarePayment(
  world: World,
  caller: Caller,
  connection: Connection,
  providerPaymentId: string,
  declared: DeclaredPayment,
): Promise<Result<Payment>> {
  const { merchantId, accountId, adapter } = connection;
  const { now } = await readNowAndEpoch(world.db);
  const problems = adapter.checkRefund({
    providerPaymentId,
    handles: {},
    amount: declared.captured,
    takesRest: true,
    isFirst: true,
    cart: [],
    items: [],
    sends: 0,
    metadata: {},
    reason: 'OTHER',
    receipt: null,
  });
  if (problems.length > 0)
    return refuse(...problems.map((problem) => invalidInput(placeOf(problem.path), problem.message)));
  if ((declared.capturedAt?.getTime() ?? 0) > now.getTime() + clockSkewMs)
    return refuse(invalidInput([...path, 'capturedAt'], 'This time has not come yet.'));
  const payment = await inTransaction(world.db, async (tx) => {
    const facts = factsOfDeclared(providerPaymentId, declared, now);
    const row = firstRow(connection, facts, now);
    await insertPaymentIfAbsent(tx, row);
    const stored = await findPaymentAtProvider(tx, merchantId, accountId, providerPaymentId);
    if (stored?.id !== row.id) return stored;
    await insertPaymentSourcesIfAbsent(tx, firstSources(connection, stored.id, facts));
    // What was refunded there before somebody asked for it here.
    await reopenEvidence(tx, accountId, providerPaymentId);
    await insertEvent(tx, {
      merchantId,
      paymentId: stored.id,
      kind: 'payment.declared',
      source: 'API',
      cause: causeOf(caller),
      evidence: {
        capturedMinor: declared.captured.minor.toString(),
        currency: declared.captured.currency,
        capturedAt: declared.capturedAt?.toISOString() ?? null,
      },
    });
    return stored;
  });
  if (payment === undefined) throw new Error(`payment ${providerPaymentId} has vanished`);
  const problem = whyDiffers(payment, declared);
  return problem === undefined ? succeed(payment) : refuse(problem);
}

/** Where in the input the adapter's objection belongs. */
const placeOf = ([first]: readonly string[]): readonly string[] =>
  first === 'providerPaymentId' ? ['input', 'payment', 'provider', 'paymentId'] : [...path, 'captured'];
