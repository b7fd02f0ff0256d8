import { listPayments, type ListedPayment } from '../db/list-payments.ts';
import type { PaymentStatus } from '../vocabulary.ts';
import { readPage, toConnection, type Connection, type PageArguments } from './connection.ts';
import { merchantOf, type GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { isGiven, readDateTimeRange, requireBoundedTime, type DateTimeRange } from './ranges.ts';
import { isStorable } from './text.ts';

export interface PaymentFilter {
  readonly account?: string | number | null | undefined;
  readonly orderReference?: string | null | undefined;
  readonly status?: readonly PaymentStatus[] | null | undefined;
  readonly createdAt?: DateTimeRange | null | undefined;
}

/** What the list is indexed by; `createdAt` alone is its order. */
const indexed = ['account', 'orderReference'] as const;

/** Newest first. An account of another merchant, or none at all, gives an empty list. */
export async function resolvePayments(
  context: GraphQLContext,
  args: PageArguments & { readonly filter?: PaymentFilter | null | undefined },
): Promise<Connection<ListedPayment>> {
  const query = readPage(args, false);
  const filter = args.filter ?? {};
  if (isGiven(filter.status) && !indexed.some((name) => isGiven(filter[name])))
    requireBoundedTime(filter.createdAt, context.world.clock.now(), indexed);
  const accountId = filter.account ? decodeGlobalId('ProviderAccount', String(filter.account)) : undefined;
  const matchesNothing =
    (filter.account && accountId === undefined) || !isStorable(filter.orderReference ?? '');
  if (matchesNothing) return toConnection({ rows: [], hasMore: false }, query);
  const conditions = {
    accountId,
    orderReference: filter.orderReference ?? undefined,
    statuses: filter.status ?? undefined,
    createdAt: readDateTimeRange(['filter', 'createdAt'], filter.createdAt),
  };
  return toConnection(await listPayments(context.world.db, merchantOf(context), conditions, query), query);
}
