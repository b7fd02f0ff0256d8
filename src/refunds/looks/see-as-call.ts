import type { Connection } from '../../providers/connections.ts';
import { countRequests } from './count-requests.ts';
import { canBeAsked } from '../declared-facts.ts';
import type { FollowedPlan, MadeCall } from './followed-plan.ts';
import { seePayment, type Sight } from '../see-payment.ts';
import type { World } from '../world.ts';

/** What a payment's provider said, and the call that it took. */
export interface SeenByCall {
  readonly sight: Sight;
  readonly call: MadeCall;
}

/** Reads a payment and takes it in (see `seePayment`), and tells the call for the plan. */
export async function seeAsCall(
  world: World,
  connection: Connection,
  providerPaymentId: string,
  limitMs?: number,
): Promise<SeenByCall> {
  const beganMs = world.clock.monotonicMs();
  const counted = countRequests(connection.access);
  const sight = await seePayment(
    world,
    { ...connection, access: counted.access },
    providerPaymentId,
    limitMs,
  );
  const call: MadeCall = {
    kind: 'PAYMENT',
    wanted: 1,
    found: sight.kind === 'seen' ? 1 : 0,
    requests: counted.requests(),
    tookMs: world.clock.monotonicMs() - beganMs,
    isAnswered: sight.kind !== 'unavailable',
  };
  return { sight, call };
}

/** The plan that such calls were; where nothing can be asked for, none was made. */
export function planOfPayments(connection: Connection, seen: readonly MadeCall[]): FollowedPlan {
  return {
    accountCode: connection.accountCode,
    wanted: seen.length,
    shared: 0,
    calls: seen.filter(({ requests }) => requests > 0),
    putOff: [],
    lowerBound: canBeAsked(connection.adapter.capabilities) ? seen.length : 0,
  };
}

/** The plan of somebody for whom others have made the call. */
export const planOfOthers = ({ accountCode }: Connection, shared: number): FollowedPlan => ({
  accountCode,
  wanted: shared,
  shared,
  calls: [],
  putOff: [],
  lowerBound: 0,
});
