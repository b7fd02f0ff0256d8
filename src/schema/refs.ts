import type { Refund } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import type { Account, PaymentLine, PaymentShare, RefundLeg } from '../db/read-batch.ts';
import type { AccountId, PaymentId, RefundId } from '../ids.ts';
import type { GraphQLContext } from '../resolvers/context.ts';
import type { RefundItem } from '../resolvers/item-fields.ts';
import type { RefundSource } from '../resolvers/refund-fields.ts';
import { builder } from './builder.ts';

/**
 * The object types that refer to each other. A field of a node type may resolve to a row or to its id, which
 * is loaded with all others of the same tick; the operation's own loaders keep it, so this layer does not.
 */
const loaderOptions = { cache: false };

export const RefundRef = builder.loadableNodeRef('Refund', {
  id: { resolve: (refund: Refund) => refund.id },
  load: (ids: RefundId[], context: GraphQLContext) => context.loaders.refund.loadMany(ids),
  loaderOptions,
});

export const PaymentRef = builder.loadableNodeRef('Payment', {
  id: { resolve: (payment: Payment) => payment.id },
  load: (ids: PaymentId[], context: GraphQLContext) => context.loaders.payment.loadMany(ids),
  loaderOptions,
});

export const AccountRef = builder.loadableNodeRef('ProviderAccount', {
  id: { resolve: (account: Account) => account.id },
  load: (ids: AccountId[], context: GraphQLContext) => context.loaders.account.loadMany(ids),
  loaderOptions,
});

export const RefundLegRef = builder.objectRef<RefundLeg>('RefundLeg');
export const RefundSourceRef = builder.objectRef<RefundSource>('RefundSource');
export const PaymentItemRef = builder.objectRef<PaymentLine>('PaymentItem');
export const RefundItemRef = builder.objectRef<RefundItem>('RefundItem');
export const PaymentSourceRef = builder.objectRef<PaymentShare>('PaymentSource');
