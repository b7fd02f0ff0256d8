import type { MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { FollowedPlan } from '../refunds/looks/followed-plan.ts';
import type { Caller, World } from '../refunds/world.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import type { Shown } from './shown-freshness.ts';
import { createNestedRefundLists, type NestedRefundLists } from './nested-refund-lists.ts';

/** What one operation has used up, and what its root fields have asked for. */
export interface OperationState {
  /** Payments that were seen for the first time; MAX_UNSEEN_PAYMENTS is the limit. */
  unseenPayments: number;
  /** The strictest `maxAgeSeconds` that a root field set for a refund or a payment. */
  readonly maxAgeSeconds: Map<RefundId | PaymentId, number>;
  /** From when the age of what it wants fresh counts, by the database's time. */
  askedAt?: Date;
  /** What was done to know something as it is now; absent: nothing was wanted so. */
  looks?: OperationLooks;
  /** The end of the change feed, once a field has asked for it. */
  feedEnd?: Promise<string>;
}

/** The plans that fields of one operation had followed. */
export interface OperationLooks {
  readonly plans: FollowedPlan[];
  /** Some of it goes on after the answer. */
  isUnfinished: boolean;
}

/** What every resolver gets. One per operation: never share it between two callers or requests. */
export interface GraphQLContext {
  readonly world: World;
  readonly caller: Caller;
  readonly loaders: Loaders;
  readonly nestedRefundLists: NestedRefundLists;
  readonly operation: OperationState;
  /** Absent: nobody asks what was shown. */
  readonly shown?: Shown | undefined;
}

export function createContext(world: World, caller: Caller, shown?: Shown): GraphQLContext {
  const { merchantId } = caller.viewer;
  return {
    world,
    caller,
    loaders: createLoaders(world, merchantId),
    nestedRefundLists: createNestedRefundLists(world.db, merchantId),
    operation: { unseenPayments: 0, maxAgeSeconds: new Map() },
    shown,
  };
}

export const merchantOf = (context: GraphQLContext): MerchantId => context.caller.viewer.merchantId;

/** Remembers what was done for a field that wanted something as it is now, and that one did. */
export function noteLook(
  { operation }: GraphQLContext,
  { plans, isUnfinished }: { readonly plans: readonly FollowedPlan[]; readonly isUnfinished: boolean },
): void {
  operation.looks ??= { plans: [], isUnfinished: false };
  operation.looks.plans.push(...plans);
  operation.looks.isUnfinished ||= isUnfinished;
}

/** Remembers how fresh a root field wants this to be; two fields may want the same thing. */
export function demandFreshness(
  context: GraphQLContext,
  id: RefundId | PaymentId,
  maxAgeSeconds: number,
): void {
  const known = context.operation.maxAgeSeconds.get(id);
  if (known === undefined || maxAgeSeconds < known) context.operation.maxAgeSeconds.set(id, maxAgeSeconds);
}
