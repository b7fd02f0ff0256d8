import type { LegShare } from '../db/refunds.ts';
import type { PaymentSource } from '../db/payments.ts';
import { refuse, succeed, type Result } from '../errors.ts';

/** One provider refund to make: its name is part of the provider key, so it is never a position. */
export interface PlannedLeg {
  readonly name: string;
  readonly amountMinor: bigint;
  readonly shares: readonly LegShare[];
}

/** The leg of a payment of one seller. */
export const wholeLegName = 'all';

/** Compiles an amount into legs. Payments of several sellers are refused until they can be attributed. */
export function planLegs(
  sources: readonly PaymentSource[],
  amountMinor: bigint,
): Result<readonly PlannedLeg[]> {
  const [only] = sources;
  if (only === undefined) throw new Error('a payment has at least one source');
  if (sources.length > 1)
    return refuse({
      type: 'CapabilityMissing',
      code: 'CAPABILITY_MISSING',
      message: 'This payment is split between sellers, and split refunds are not supported yet.',
      path: ['input', 'payment'],
      retry: 'NEVER',
      capability: 'splitRefunds',
      alternative: "Refund it in the provider's own console; the refund will be seen here.",
    });
  return succeed([
    {
      name: wholeLegName,
      amountMinor,
      shares: [{ sourceId: only.id, amountMinor, platformFeeMinor: null }],
    },
  ]);
}
