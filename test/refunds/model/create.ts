import fc from 'fast-check';
import { expect } from 'vitest';
import type { Result } from '../../../src/errors.ts';
import {
  createRefund,
  type CreateRefundCommand,
  type RefundCreated,
} from '../../../src/refunds/create-refund.ts';
import { newKey } from '../../support/rules.ts';
import { armSend, type SendTrouble } from './fault.ts';
import type { Model, ModelPayment } from './model.ts';
import { Step } from './step.ts';
import type { System } from './system.ts';
import { planWish, wish, type Wish } from './wish.ts';

export interface Creation {
  readonly on: number;
  readonly payment: number;
  readonly wish: Wish;
}

/** A hold is rarely worth asking. */
const payment = fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3);

export const creation = fc.record({ on: fc.nat({ max: 1 }), payment, wish });

/** A refund is asked for, with a key that nobody has used. */
export class Create extends Step {
  readonly #of: Creation & { readonly trouble: SendTrouble | null };

  constructor(of: Creation & { readonly trouble: SendTrouble | null }) {
    super();
    this.#of = of;
  }

  protected async act(model: Model, system: System): Promise<void> {
    const payment = model.payment(this.#of.payment);
    const planned = await planWish(system, payment, this.#of.wish);
    if (planned === undefined) return;
    await armSend(model, system, payment.provider, this.#of.trouble);
    const result = await createRefund(system.world(this.#of.on), system.caller, planned.command);
    noteCreated(model, payment, planned.command, result);
    if (planned.isTooMuch) expect(result.ok, 'more than is left was accepted').toBe(false);
    if (!planned.mustFit || this.#of.trouble !== null || result.ok) return;
    const { problems } = result;
    expect(
      problems.map(({ code }) => code),
      'what is left was refused',
    ).not.toEqual(expect.arrayContaining([expect.stringMatching(/AMOUNT_EXCEEDS|NOT_REFUNDABLE/)]));
  }

  override toString(): string {
    const { trouble } = this.#of;
    const armed = trouble === null ? '' : `, ${JSON.stringify(trouble)}`;
    return `Create(${described(this.#of)}${armed})`;
  }
}

/** For a person who reads what failed. */
export const described = ({ on, payment: index, wish: wished }: Creation): string =>
  `on ${on}, payment ${index}, ${JSON.stringify(wished, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  )}`;

/** What the caller was told: a refund that nobody had, or that nothing happened. */
export function noteCreated(
  model: Model,
  payment: ModelPayment,
  command: CreateRefundCommand,
  result: Result<RefundCreated>,
): void {
  const { idempotencyKey: key } = command;
  if (!result.ok) {
    expect(result.problems.length).toBeGreaterThan(0);
    model.refused.add(key);
    return;
  }
  const { refundId, replayed } = result.value;
  expect(replayed, 'a new key is no replay').toBe(false);
  expect(
    [...model.refunds.values()].map((each) => each.refundId),
    'I4: a new key is a new refund',
  ).not.toContain(refundId);
  model.refused.delete(key);
  model.refunds.set(key, { command, payment, refundId });
}

/** A createRefund of a payment as a caller would send it; the caller waits as long as it takes. */
export const commandOf = (
  payment: ModelPayment,
  more: Partial<CreateRefundCommand>,
): CreateRefundCommand => ({
  idempotencyKey: newKey(),
  payment: { account: payment.account, paymentId: payment.paymentId },
  amount: { kind: 'remaining' },
  reason: 'REQUESTED_BY_CUSTOMER',
  note: null,
  reference: null,
  metadata: {},
  receipt: null,
  feeBearer: null,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  waitMs: 10_000,
  ...more,
});
