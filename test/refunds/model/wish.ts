import fc from 'fast-check';
import type { PaymentSource } from '../../../src/db/payments.ts';
import type { CreateRefundCommand } from '../../../src/refunds/create-refund.ts';
import { wishOf } from '../split-steps.ts';
import { commandOf } from './create.ts';
import type { ModelPayment } from './model.ts';
import type { System } from './system.ts';

const permille = fc.bigInt({ min: 0n, max: 1_000n });
const bearer = fc.constantFrom('SELLER' as const, 'PLATFORM' as const);
const seller = fc.nat({ max: 1 });

/** How much of what is left, and of whom; a payment of one seller has no use for the rest. */
export const wish = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('part' as const), permille, bearer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remaining' as const), bearer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('over' as const), bearer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('seller' as const), seller, permille, bearer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('each' as const), permille, bearer }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fee' as const),
      seller,
      permille,
      feePermille: permille,
      bearer,
    }),
  },
);
export type Wish = typeof wish extends fc.Arbitrary<infer Value> ? Value : never;

export interface PlannedWish {
  readonly command: CreateRefundCommand;
  /** It asks for more than is left by any count. */
  readonly isTooMuch: boolean;
  /** It asks for what is left, and nothing else can be the reason for a refusal. */
  readonly mustFit: boolean;
}

/** Less is refunded by no provider. */
const leastMinor = 100n;

/** The wish as a command; undefined where the payment has nothing that it could ask for. */
export async function planWish(
  system: System,
  payment: ModelPayment,
  wished: Wish,
): Promise<PlannedWish | undefined> {
  const { known, sources } = await readLeft(system, payment);
  const left = known === undefined ? payment.amountMinor : leftOf(known);
  const money = (minor: bigint) => ({ kind: 'money', money: { minor, currency: payment.currency } }) as const;
  const feeBearer = payment.kind === 'split' ? wished.bearer : null;
  if (wished.kind === 'over')
    return {
      command: commandOf(payment, { amount: money(left + 1n), feeBearer }),
      // What is open may turn out to have failed when the payment is read for this one: then it is free again.
      isTooMuch: known === undefined || known.reserved_minor + known.unbound_minor === 0n,
      mustFit: false,
    };
  if (payment.kind === 'split' && known !== undefined) {
    const more = wishOf(sources, { outcome: 'succeeds', ...asSplitStep(wished) });
    return more && { command: commandOf(payment, more), isTooMuch: false, mustFit: false };
  }
  if (wished.kind === 'remaining' || payment.kind === 'split')
    return { command: commandOf(payment, { feeBearer }), isTooMuch: false, mustFit: false };
  const part = (left * wished.permille) / 1_000n;
  const minor = part < leastMinor ? leastMinor : part;
  const mustFit = payment.kind !== 'hold' && minor <= left && (await nothingInTheWay(system, payment));
  return { command: commandOf(payment, { amount: money(minor), feeBearer }), isTooMuch: false, mustFit };
}

/** Of a split payment a part of everything is a part of each seller. */
const asSplitStep = (wished: Exclude<Wish, { kind: 'over' }>) =>
  wished.kind === 'part' ? { ...wished, kind: 'each' as const } : wished;

const leftOf = (known: {
  captured_minor: bigint;
  refunded_minor: bigint;
  reserved_minor: bigint;
  unbound_minor: bigint;
}): bigint => {
  const left = known.captured_minor - known.refunded_minor - known.reserved_minor - known.unbound_minor;
  return left > 0n ? left : 0n;
};

async function readLeft({ t }: System, payment: ModelPayment) {
  const { db } = t.database;
  const known = await db
    .selectFrom('payments')
    .selectAll()
    .where('provider_payment_id', '=', payment.paymentId)
    .executeTakeFirst();
  const sources: PaymentSource[] =
    known === undefined
      ? []
      : await db
          .selectFrom('payment_sources')
          .selectAll()
          .where('payment_id', '=', known.id)
          .orderBy('seller')
          .execute();
  return { known, sources };
}

/** The provider is well, and took nothing back itself. */
async function nothingInTheWay({ t, isAnonymous }: System, payment: ModelPayment): Promise<boolean> {
  // What cannot be told to be ours counts twice until it is known (MONEY section 5).
  if (isAnonymous || payment.consoleRefunds > 0) return false;
  const { faults } = await t.control<{ faults: unknown[] }>('faults');
  return faults.length === 0;
}
