import type { Refund } from '../db/legs.ts';
import { findBatchOf, pairKey } from '../db/find-batch.ts';
import type { RefundId } from '../ids.ts';
import { shownRefundId } from '../providers/shown-refund-id.ts';
import { adapterOfAccountId } from './account-adapter.ts';
import { merchantOf, type GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { readLookLimits, type LookArguments } from './look-arguments.ts';
import { lookAtRefunds } from './look-at-refunds.ts';
import { isStorable } from './text.ts';

/** Exactly one of the four: the schema says `@oneOf`. */
export interface RefundRefInput {
  readonly id?: string | number | null | undefined;
  readonly reference?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly provider?: { readonly account: string; readonly refundId: string } | null | undefined;
}

/** The refund that is meant, looked at when it is open and older than `maxAgeSeconds`; null when there is none. */
export async function resolveRefund(
  context: GraphQLContext,
  args: LookArguments & { readonly by: RefundRefInput },
): Promise<Refund | null> {
  const limits = readLookLimits(args, 0);
  const id = await findRefundId(context, args.by);
  const refund = id === undefined ? null : await context.loaders.refund.load(id);
  if (refund === null || !(await mayBeFound(context, args.by, refund))) return null;
  const [fresh] = await lookAtRefunds(context, [refund], limits);
  return fresh ?? refund;
}

/** Whoever finds a refund by an id there learns that it is one. */
async function mayBeFound(
  context: GraphQLContext,
  { provider }: RefundRefInput,
  refund: Refund,
): Promise<boolean> {
  if (!provider) return true;
  return shownRefundId(await adapterOfAccountId(context, refund.account_id), provider.refundId) !== null;
}

async function findRefundId(context: GraphQLContext, by: RefundRefInput): Promise<RefundId | undefined> {
  const find = findBatchOf(context.world.db);
  const merchantId = merchantOf(context);
  const { id, reference, idempotencyKey, provider } = by;
  if (id !== null && id !== undefined) return decodeGlobalId('Refund', String(id));
  if (![reference ?? '', provider?.account ?? '', provider?.refundId ?? ''].every(isStorable))
    return undefined;
  if (provider) return find.refundIdAtProvider(merchantId, pairKey(provider.account, provider.refundId));
  if (idempotencyKey) return find.refundIdByKey(merchantId, idempotencyKey);
  return find.refundIdByReference(merchantId, reference ?? '');
}
