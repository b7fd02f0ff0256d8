import type { KnownRefund, Look, RefundFacts } from '../../providers/provider.ts';
import type { LookCallKind, MadeCall } from './followed-plan.ts';
import type { Asked } from './plan-calls.ts';

/** What one look of an account has found, made and may still make. */
export interface PlanLedger {
  /** What nobody has told of, by the provider's id. */
  readonly open: Map<string, KnownRefund>;
  /** What a list showed as failed without telling why, by the same. */
  readonly unexplained: Map<string, KnownRefund>;
  readonly found: Map<string, RefundFacts>;
  readonly absent: string[];
  readonly made: MadeCall[];
  /** A provider that could not be asked is asked nothing more. */
  unavailable: (Look<never> & { readonly kind: 'unavailable' }) | undefined;
  /** Whether the budget has one more call. */
  mayCall(): boolean;
  /** Makes one call and notes it; `found` counts in its answer what it told of those that were wanted. */
  call<T>(
    kind: LookCallKind,
    wanted: number,
    ask: () => Promise<Asked<T>>,
    found: (value: T) => number,
  ): Promise<Look<T>>;
  /** Takes out of what is open what a list shows, and counts what needs no further call. */
  take(refunds: readonly RefundFacts[]): number;
  /** Calls of a kind that ended, less the refunds that they told: what they have cost more than single reads would. */
  lostBy(kind: LookCallKind): number;
}

/** @param budget calls that may be begun */
export function openLedger(wanted: readonly KnownRefund[], budget: number, now: () => number): PlanLedger {
  const open = new Map(wanted.map((refund) => [refund.providerRefundId, refund]));
  const found = new Map<string, RefundFacts>();
  const unexplained = new Map<string, KnownRefund>();
  const made: MadeCall[] = [];
  let begun = 0;
  let spent = 0;
  const lost = new Map<LookCallKind, number>();
  const lostBy = (kind: LookCallKind) => lost.get(kind) ?? 0;
  const ledger: PlanLedger = {
    open,
    unexplained,
    found,
    absent: [],
    made,
    unavailable: undefined,
    mayCall: () => spent < budget,
    async call(kind, wantedOfIt, ask, count) {
      const index = begun;
      begun += 1;
      spent += 1;
      const beganMs = now();
      const { look, requests } = await ask();
      spent += Math.max(requests - 1, 0);
      if (look.kind === 'unavailable') ledger.unavailable ??= look;
      const told = look.kind === 'found' ? count(look.value) : 0;
      lost.set(kind, lostBy(kind) + 1 - told);
      made[index] = {
        kind,
        wanted: wantedOfIt,
        found: told,
        requests,
        tookMs: now() - beganMs,
        isAnswered: look.kind !== 'unavailable',
      };
      return look;
    },
    take(refunds) {
      let told = 0;
      for (const facts of refunds) {
        const { providerRefundId: id, status, failure } = facts;
        const known = open.get(id);
        if (known === undefined) continue;
        open.delete(id);
        if (status === 'FAILED' && failure === null) unexplained.set(id, known);
        else {
          found.set(id, facts);
          told += 1;
        }
      }
      return told;
    },
    lostBy,
  };
  return ledger;
}
