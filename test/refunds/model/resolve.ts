import { expect } from 'vitest';
import type { Leg } from '../../../src/db/legs.ts';
import type { Result } from '../../../src/errors.ts';
import type { RefundId } from '../../../src/ids.ts';
import type { Verdict } from '../../../src/refunds/resolvable.ts';
import { resolveRefund } from '../../../src/refunds/resolve-refund.ts';
import { refundRow } from '../../support/rules.ts';
import { isDead, isDone } from '../../support/truth.ts';
import type { Model, ModelPayment } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';

/** A person says what became of an unclear leg, as the provider's console shows it. */
export class Resolve extends Step {
  readonly #of: { on: number; which: number; namesRefund: boolean };

  constructor(of: { on: number; which: number; namesRefund: boolean }) {
    super();
    this.#of = of;
  }

  override check(model: Readonly<Model>): boolean {
    return model.known(0) !== undefined;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const { refundId, payment } = model.known(this.#of.which, 'UNKNOWN', 'MANUAL_REVIEW')!;
    await resolveUnclear(model, system, this.#of.on, payment, refundId, this.#of.namesRefund);
  }

  override toString(): string {
    const { on, which, namesRefund } = this.#of;
    return `Resolve(on ${on}, ${which}${namesRefund ? ', names the refund' : ''})`;
  }
}

/**
 * One true verdict on the first unclear leg of a refund.
 *
 * @returns undefined when nothing of it is unclear, or it has not ended at the provider
 */
export async function resolveUnclear(
  model: Model,
  system: System,
  on: number,
  payment: ModelPayment,
  refundId: RefundId,
  namesRefund: boolean,
): Promise<Result<unknown> | undefined> {
  const before = await refundRow(system.t, refundId);
  const leg = before.legs.find(({ status }) => ['UNKNOWN', 'MANUAL_REVIEW'].includes(status));
  if (leg === undefined) return undefined;
  const keys = before.attempts.filter(({ leg_id }) => leg_id === leg.id).map((each) => each.provider_key);
  const verdict = await trueVerdict(system, payment, leg, keys, namesRefund);
  if (verdict === undefined) return undefined;
  const result = await resolveRefund(system.world(on), system.caller, {
    refundId,
    expectedVersion: before.version,
    verdict,
    evidence: 'as the console of the provider shows it',
  });
  if (result.ok) model.verdicts.add(leg.id);
  const after = (await refundRow(system.t, refundId)).legs.find(({ id }) => id === leg.id)!;
  const said = verdict.kind === 'returned' ? 'SUCCEEDED' : 'FAILED';
  expect(after.status, 'a verdict is taken, or changes nothing').toBe(result.ok ? said : leg.status);
  return result;
}

async function trueVerdict(
  { t }: System,
  { paymentId, currency }: ModelPayment,
  leg: Leg,
  keys: readonly string[],
  namesRefund: boolean,
): Promise<Verdict | undefined> {
  const { refunds } = await t.ledgerOf(paymentId);
  const made = refunds.find(
    (refund) =>
      (refund.id === leg.provider_refund_id || keys.includes(refund.providerKey ?? '')) && !isDead(refund),
  );
  if (made === undefined) return { kind: 'notReturned', legId: leg.id };
  if (!isDone(made)) return undefined;
  const isNamed = namesRefund || leg.provider_refund_id !== null;
  return {
    kind: 'returned',
    amount: { minor: BigInt(made.amountMinor), currency },
    legId: leg.id,
    providerRefundId: isNamed ? made.id : null,
  };
}
