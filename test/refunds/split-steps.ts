import { fc } from '@fast-check/vitest';
import type { PaymentSource } from '../../src/db/payments.ts';
import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';

export const decimal = (minor: bigint) => `${minor / 100n}.${(minor % 100n).toString().padStart(2, '0')}`;
export const rub = (minor: bigint) => ({ value: decimal(minor), currency: 'RUB' });
const money = (minor: bigint) => ({ minor, currency: 'RUB' as const });

/** The stores of one payment, and what the platform withheld of each. */
export const sellers = fc.array(
  fc.record({
    captured: fc.bigInt({ min: 100n, max: 99_999n }),
    feePermille: fc.bigInt({ min: 0n, max: 1_000n }),
  }),
  { minLength: 1, maxLength: 3 },
);
const permille = fc.bigInt({ min: 0n, max: 1_000n });
const bearer = fc.constantFrom('SELLER' as const, 'PLATFORM' as const);
const seller = fc.nat({ max: 2 });

/** What happens to the next call of the provider. */
const outcome = fc.constantFrom('succeeds', 'succeeds', 'fails', 'pends', 'is-lost', 'is-not-taken');
/** One thing that happens to a split payment. */
export const step = fc.oneof(
  fc.record({ kind: fc.constant('remaining' as const), bearer, outcome }),
  fc.record({ kind: fc.constant('money' as const), permille, bearer, outcome }),
  fc.record({ kind: fc.constant('seller' as const), seller, permille, bearer, outcome }),
  fc.record({ kind: fc.constant('fee' as const), seller, permille, feePermille: permille, outcome }),
  fc.record({ kind: fc.constant('each' as const), permille, bearer, outcome }),
  fc.record({ kind: fc.constant('console' as const), seller, permille, feePermille: permille }),
  fc.record({ kind: fc.constant('settle' as const), succeeds: fc.boolean() }),
  fc.record({ kind: fc.constant('reverse' as const), which: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('retry' as const) }),
  fc.record({ kind: fc.constant('sync' as const) }),
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What is neither returned by a store nor on its way. */
export const restOf = (source: PaymentSource): bigint =>
  source.captured_minor - source.refunded_minor - source.reserved_minor;

export const least = (left: bigint, right: bigint) => (left < right ? left : right);

/** What a step asks for; undefined where the payment has nothing that it could ask for. */
export function wishOf(
  sources: readonly PaymentSource[],
  of: Step,
): Partial<CreateRefundCommand> | undefined {
  const share = (source: PaymentSource, part: bigint) => {
    const rest = restOf(source);
    // The provider returns no less than a rouble.
    const minor = least(rest, 100n + (rest * part) / 1_000n);
    return { seller: source.seller, amount: money(minor), platformFee: null };
  };
  switch (of.kind) {
    case 'remaining':
      return { amount: { kind: 'remaining' }, feeBearer: of.bearer };
    case 'money': {
      const rest = sources.reduce((sum, source) => sum + restOf(source), 0n);
      const minor = least(rest, 100n + (rest * of.permille) / 1_000n);
      return minor < 100n
        ? undefined
        : { amount: { kind: 'money', money: money(minor) }, feeBearer: of.bearer };
    }
    case 'seller': {
      const wished = share(sources[of.seller % sources.length]!, of.permille);
      return wished.amount.minor < 100n
        ? undefined
        : { amount: { kind: 'sources', sources: [wished] }, feeBearer: of.bearer };
    }
    case 'each': {
      const wished = sources
        .map((source) => share(source, of.permille))
        .filter(({ amount }) => amount.minor >= 100n);
      return wished.length === 0
        ? undefined
        : { amount: { kind: 'sources', sources: wished }, feeBearer: of.bearer };
    }
    case 'fee': {
      const source = sources[of.seller % sources.length]!;
      const wished = share(source, of.permille);
      const feeRest =
        (source.platform_fee_minor ?? 0n) - source.fee_returned_minor - source.fee_reserved_minor;
      const fee = (least(feeRest, wished.amount.minor) * of.feePermille) / 1_000n;
      return wished.amount.minor < 100n
        ? undefined
        : { amount: { kind: 'sources', sources: [{ ...wished, platformFee: money(fee) }] } };
    }
    default:
      return undefined;
  }
}
