import { readChanges, readFeedEnd, type ChangeConditions, type ChangedRefund } from '../db/changes.ts';
import type { Refund } from '../db/legs.ts';
import { MAX_PAGE_SIZE } from './connection.ts';
import { merchantOf, type GraphQLContext } from './context.ts';
import { printFeedCursor, readFeedCursor } from './feed-cursor.ts';
import { decodeGlobalId } from './global-id.ts';
import { badUserInput } from './request-errors.ts';

export interface RefundChangeFilter {
  readonly account?: string | number | null | undefined;
  readonly payment?: string | number | null | undefined;
}

interface ChangesArguments {
  readonly after?: string | null | undefined;
  readonly first: number;
  readonly filter?: RefundChangeFilter | null | undefined;
}

/** A refund that has changed, as it is now. */
export interface RefundChange {
  readonly refund: Refund;
  readonly version: number;
  readonly changedAt: Date;
}

export interface RefundChangePage {
  readonly changes: readonly RefundChange[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

/**
 * What has changed since a cursor: each refund once and as it is now, oldest change first. Without a cursor: nothing,
 * and the cursor of now. Never asks a provider.
 *
 * @throws BAD_USER_INPUT naming the argument
 */
export async function resolveRefundChanges(
  context: GraphQLContext,
  { after, first, filter }: ChangesArguments,
): Promise<RefundChangePage> {
  if (first < 1 || first > MAX_PAGE_SIZE)
    throw badUserInput(['first'], `"first" is ${first}. Ask for 1 to ${MAX_PAGE_SIZE}.`);
  const conditions = readChangeFilter(filter ?? {});
  const { db } = context.world;
  const position = after === null || after === undefined ? undefined : readFeedCursor(after);
  if (position === undefined || conditions === undefined)
    return { changes: [], cursor: await resolveChangesCursor(context), hasMore: false };
  const read = await readChanges(db, merchantOf(context), position, conditions, first);
  return {
    changes: read.refunds.map(toChange),
    cursor: printFeedCursor(read.position),
    hasMore: read.hasMore,
  };
}

/** The cursor of now, read once in an operation: what commits from then on lies behind it. */
export const resolveChangesCursor = ({ world, operation }: GraphQLContext): Promise<string> =>
  (operation.feedEnd ??= readFeedEnd(world.db).then(printFeedCursor));

const toChange = (refund: ChangedRefund): RefundChange => ({
  refund,
  version: refund.version,
  changedAt: refund.updated_at,
});

/** Undefined when nothing can match it, because it names an id that is malformed or of something else. */
function readChangeFilter({ account, payment }: RefundChangeFilter): ChangeConditions | undefined {
  const accountId = account ? decodeGlobalId('ProviderAccount', String(account)) : undefined;
  const paymentId = payment ? decodeGlobalId('Payment', String(payment)) : undefined;
  if ((account && accountId === undefined) || (payment && paymentId === undefined)) return undefined;
  return { accountId, paymentId };
}
