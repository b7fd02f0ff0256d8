import type { GraphQLResolveInfo } from 'graphql';
import { listRefunds, type ListedRefund } from '../db/list-refunds.ts';
import type { Payment } from '../db/payments.ts';
import type { Refund } from '../db/legs.ts';
import { readPage, toConnection, type Connection, type PageArguments } from './connection.ts';
import { merchantOf, type GraphQLContext } from './context.ts';
import { readLookLimits, type LookArguments } from './look-arguments.ts';
import { lookAtRefunds } from './look-at-refunds.ts';
import { resolveChangesCursor } from './refund-changes.ts';
import { readRefundFilter, refuseUnboundedFilter, type RefundFilter } from './refund-filter.ts';
import { selects } from './selects.ts';

interface RefundListArguments extends PageArguments {
  readonly filter?: RefundFilter | null | undefined;
}

/** Before the list is read: a change that commits between the two is in the list and in the feed, and never in neither. */
async function noteFeedEnd(context: GraphQLContext, info: GraphQLResolveInfo): Promise<void> {
  if (selects(info, 'changesCursor')) await resolveChangesCursor(context);
}

export type RefundOrder = 'CREATED_AT_DESC' | 'CREATED_AT_ASC';

const nothing = { rows: [], hasMore: false };

/** The merchant's refunds. Those that are open are looked at when they are older than `maxAgeSeconds`. */
export async function resolveRefunds(
  context: GraphQLContext,
  args: RefundListArguments & LookArguments & { readonly order?: RefundOrder | null | undefined },
  info: GraphQLResolveInfo,
): Promise<Connection<Refund>> {
  const limits = readLookLimits(args, 0);
  const query = readPage(args, args.order === 'CREATED_AT_ASC');
  const filter = args.filter ?? {};
  refuseUnboundedFilter(filter, context.world.clock.now());
  const conditions = readRefundFilter(filter);
  if (conditions === undefined) return toConnection(nothing, query);
  await noteFeedEnd(context, info);
  const page = await listRefunds(context.world.db, merchantOf(context), conditions, query);
  return withFreshRows(context, toConnection(page, query), limits);
}

/** The refunds of one payment, newest first. Never asks a provider. */
export async function resolveRefundsOfPayment(
  context: GraphQLContext,
  payment: Payment,
  args: RefundListArguments,
  info: GraphQLResolveInfo,
): Promise<Connection<ListedRefund>> {
  const page = readPage(args, false);
  const conditions = readRefundFilter(args.filter ?? {});
  if (conditions === undefined) return toConnection(nothing, page);
  await noteFeedEnd(context, info);
  return toConnection(
    await context.nestedRefundLists.load({ paymentId: payment.id, conditions, page }),
    page,
  );
}

/** The page stays the page: a look may change what a refund is, not which refunds were listed. */
async function withFreshRows(
  context: GraphQLContext,
  connection: Connection<Refund>,
  limits: { readonly maxAgeSeconds: number | undefined; readonly waitMs: number },
): Promise<Connection<Refund>> {
  const refunds = connection.edges.map((edge) => edge.node);
  context.shown?.listed.push(...refunds.map((refund) => refund.id));
  const fresh = await lookAtRefunds(context, refunds, limits);
  const edges = connection.edges.map((edge, index) => ({
    cursor: edge.cursor,
    node: fresh[index] ?? edge.node,
  }));
  return { ...connection, edges };
}
