import { toCurrency, type Money } from '../money.ts';
import type { Refund } from '../db/legs.ts';
import { readNowAndEpoch } from '../db/epochs.ts';
import type { Payment } from '../db/payments.ts';
import { shownCapabilities } from '../providers/claims.ts';
import { adapterOfAccount } from './account-adapter.ts';
import {
  allowedPaymentActions,
  allowedRefundActions,
  type PaymentAction,
  type RefundAction,
} from '../refunds/allowed-actions.ts';
import { isStoppableThere } from '../refunds/cancel-at-provider.ts';
import type { PaymentSituation } from '../refunds/refund-situation.ts';
import { isBlocked, showsAllRefunds } from '../refunds/epoch.ts';
import { allocateBy } from '../refunds/plan-items.ts';
import { explainRefundability, type RefundabilityState } from '../refunds/explain-refundability.ts';
import { planTimesOf } from '../refunds/resolvable.ts';
import type { GraphQLContext } from './context.ts';
import { legsOfRefund } from './refund-fields.ts';

export interface RefundabilityView {
  readonly state: RefundabilityState;
  readonly maximum: Money;
  readonly minimum: Money;
  readonly until: Date | null;
  readonly reasons: readonly string[];
}

async function situationOf(context: GraphQLContext, payment: Payment): Promise<PaymentSituation> {
  const { loaders, world } = context;
  const [account, openLegs, operation] = await Promise.all([
    loaders.account.load(payment.account_id),
    loaders.openLegsOfPayment.load(payment.id),
    loaders.openOperationOfPayment.load(payment.id),
  ]);
  if (account === null) throw new Error('A payment without its account.');
  const adapter = adapterOfAccount(context, account);
  const declared = adapter.capabilities;
  const lines = declared.itemRefunds ? await loaders.itemsOfPayment.load(payment.id) : null;
  // Where refunds can be listed, a restore blocks nothing.
  const isBlockable = !showsAllRefunds(declared);
  return {
    payment,
    openLegs: openLegs ?? [],
    isBeingCanceled: operation !== null,
    capabilities: shownCapabilities(adapter),
    isNotYetRefundable: adapter.isNotYetRefundable?.(payment.raw_status) ?? false,
    amountRules: adapter.amountRules(toCurrency(payment.currency)),
    lines: lines ?? [],
    allocate: allocateBy(adapter),
    isBlocked: isBlockable && isBlocked(declared, payment, (await readNowAndEpoch(world.db)).epoch),
    now: world.clock.now(),
  };
}

export async function refundabilityOfPayment(
  context: GraphQLContext,
  payment: Payment,
): Promise<RefundabilityView> {
  const { maximumMinor, minimumMinor, ...rest } = explainRefundability(await situationOf(context, payment));
  const currency = toCurrency(payment.currency);
  return {
    ...rest,
    maximum: { minor: maximumMinor, currency },
    minimum: { minor: minimumMinor, currency },
  };
}

/** A key that may not change anything is shown no action. */
const mayWrite = (context: GraphQLContext): boolean => context.caller.viewer.scopes.has('write');

export async function actionsOfPayment(context: GraphQLContext, payment: Payment): Promise<PaymentAction[]> {
  if (!mayWrite(context) || context.world.connections.find(payment.account_id) === undefined) return [];
  return allowedPaymentActions(await situationOf(context, payment));
}

export async function actionsOfRefund(context: GraphQLContext, refund: Refund): Promise<RefundAction[]> {
  if (!mayWrite(context)) return [];
  const { loaders, world } = context;
  const [legs, shares, payment, sources, operation, replacement] = await Promise.all([
    legsOfRefund(context, refund),
    loaders.sharesOfRefund.load(refund.id),
    loaders.payment.load(refund.payment_id),
    loaders.sharesOfPayment.load(refund.payment_id),
    loaders.openOperationOfPayment.load(refund.payment_id),
    loaders.replacementOfRefund.load(refund.id),
  ]);
  if (payment === null) throw new Error('A refund without its payment.');
  // Most refunds are clear: then nothing is read for it.
  const isUnclear = legs.some(({ status }) => status === 'UNKNOWN' || status === 'MANUAL_REVIEW');
  const unclearLegs = (isUnclear && (await loaders.unclearLegsOfRefund.load(refund.id))) || [];
  const connection = world.connections.find(refund.account_id);
  const capabilities = connection?.adapter.capabilities;
  const mayRetryItems = capabilities?.itemRefunds === true && legs.some(({ status }) => status === 'FAILED');
  const items = mayRetryItems ? await loaders.itemsOfRefund.load(refund.id) : null;
  const sourceById = new Map((sources ?? []).map((source) => [source.id, source]));
  return allowedRefundActions({
    refund,
    legs,
    shares: (shares ?? []).flatMap((share) => {
      const source = sourceById.get(share.source_id);
      return source === undefined ? [] : [{ ...share, source }];
    }),
    payment,
    items: items ?? [],
    takesSeveral: capabilities?.severalRefundsPerPayment !== false,
    isReplaced: replacement !== null,
    isBeingCanceled: operation !== null,
    now: world.clock.now(),
    unclearLegs,
    plan: connection && planTimesOf(connection),
    isStoppable: connection !== undefined && legs.some((leg) => isStoppableThere(connection.adapter, leg)),
  });
}
