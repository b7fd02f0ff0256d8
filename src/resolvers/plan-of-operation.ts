import type { FollowedPlan, MadeCall, PlannedCall } from '../refunds/followed-plan.ts';
import type { GraphQLContext } from './context.ts';

/** `extensions.plan` of an answer (docs/planner.md): the names are those of the public API and stay. */
export interface OperationPlan {
  /** False: some of it goes on after the answer, or was put off. */
  readonly complete: boolean;
  readonly accounts: readonly AccountPlan[];
}

interface AccountPlan {
  readonly account: string;
  readonly wanted: number;
  readonly shared: number;
  readonly lowerBound: number;
  readonly calls: readonly {
    readonly kind: MadeCall['kind'];
    readonly wanted: number;
    readonly found: number;
    readonly requests: number;
    readonly answered: boolean;
    readonly tookMs: number;
  }[];
  readonly putOff: readonly PlannedCall[];
}

/** For a viewer with the scope `debug`, of an operation that wanted something as it is now; for all others nothing. */
export function planOfOperation({
  caller,
  operation,
}: Pick<GraphQLContext, 'caller' | 'operation'>): OperationPlan | undefined {
  if (!caller.viewer.scopes.has('debug') || operation.looks === undefined) return undefined;
  const { plans, isUnfinished } = operation.looks;
  const accounts = [...Map.groupBy(plans, ({ accountCode }) => accountCode).values()].map(accountPlan);
  return { complete: !isUnfinished && accounts.every(({ putOff }) => putOff.length === 0), accounts };
}

/** Of all fields that asked the account. */
function accountPlan(plans: readonly FollowedPlan[]): AccountPlan {
  const sum = (of: (plan: FollowedPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  return {
    account: plans[0]!.accountCode,
    wanted: sum(({ wanted }) => wanted),
    shared: sum(({ shared }) => shared),
    lowerBound: sum(({ lowerBound }) => lowerBound),
    calls: plans.flatMap(({ calls }) =>
      calls.map(({ kind, wanted, found, requests, isAnswered, tookMs }) => ({
        kind,
        wanted,
        found,
        requests,
        answered: isAnswered,
        tookMs: Math.round(tookMs),
      })),
    ),
    putOff: plans.flatMap(({ putOff }) => putOff.map(({ kind, wanted }) => ({ kind, wanted }))),
  };
}
