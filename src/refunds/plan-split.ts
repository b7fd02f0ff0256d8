import type { Payment, PaymentSource } from '../db/payments.ts';
import { invalidInput, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { toCurrency } from '../money.ts';
import { notAllocatable } from './amount-rules.ts';
import { sharePlatformFee, whyFeesAreUnclear, whyFeeDoesNotFit } from './platform-fee.ts';
import { wholeLegName, type LegPlan } from './plan-legs.ts';
import type { RefundWish, SourceWish } from './refund-wish.ts';
import { refundableOf } from './refundability.ts';

/** A share before its fee is known. */
interface Part {
  readonly source: PaymentSource;
  readonly amountMinor: bigint;
  readonly explicitFeeMinor: bigint | null;
  readonly path: readonly string[];
}

const amountPath = ['input', 'amount'];

/** What is left of one seller's share, in minor units. */
export function restOf(source: PaymentSource): bigint {
  const restMinor = source.captured_minor - source.refunded_minor - source.reserved_minor;
  return source.overcommitted || restMinor < 0n ? 0n : restMinor;
}

/** The same, less what was refunded of this payment without saying whose it is (MONEY section 6). */
export function certainRestOf(source: PaymentSource, payment: Pick<Payment, 'unbound_minor'>): bigint {
  const restMinor = restOf(source) - payment.unbound_minor;
  return restMinor > 0n ? restMinor : 0n;
}

/**
 * Compiles an amount on a split payment into legs (MONEY section 7). One call without sources is right only
 * for the whole captured sum, with nothing refunded or reserved, when the sellers bear the fee: then YooKassa
 * takes each store's share itself. Everything else is one leg per seller. Pure.
 */
export function planSplit(
  payment: Payment,
  sources: readonly PaymentSource[],
  wish: RefundWish,
): Result<LegPlan> {
  const parts = partsOf(payment, sources, wish);
  if (!parts.ok) return parts;
  const unclear = whyFeesAreUnclear(parts.value, wish.feeBearer);
  if (unclear !== undefined) return refuse(unclear);
  const misfits = parts.value.flatMap((part) => whyFeeDoesNotFit(part) ?? []);
  if (misfits.length > 0) return refuse(...misfits);
  const shares = parts.value.map(({ source, amountMinor, explicitFeeMinor }) => {
    const feeMinor = explicitFeeMinor ?? sharePlatformFee(source, amountMinor, wish.feeBearer);
    return { source, amountMinor, platformFeeMinor: feeMinor > 0n ? feeMinor : null };
  });
  const amountMinor = shares.reduce((sum, share) => sum + share.amountMinor, 0n);
  const isWhole =
    amountMinor === payment.captured_minor && payment.refunded_minor === 0n && payment.reserved_minor === 0n;
  const isOneCall = isWhole && shares.every((share) => share.platformFeeMinor === null);
  const asShare = ({ source, ...share }: (typeof shares)[number]) => ({ sourceId: source.id, ...share });
  return succeed({
    amountMinor,
    legs: isOneCall
      ? [{ name: wholeLegName, amountMinor, shares: shares.map(asShare), items: [], sellers: [] }]
      : shares.map((share) => ({
          name: share.source.seller,
          amountMinor: share.amountMinor,
          shares: [asShare(share)],
          items: [],
          sellers: [
            {
              seller: share.source.seller,
              amountMinor: share.amountMinor,
              platformFeeMinor: share.platformFeeMinor,
            },
          ],
        })),
  });
}

function partsOf(
  payment: Payment,
  sources: readonly PaymentSource[],
  wish: RefundWish,
): Result<readonly Part[]> {
  if (wish.amount.kind === 'sources') return chosenParts(payment, sources, wish.amount.sources);
  if (wish.amount.kind === 'items') throw new Error('items do not say of which seller they are');
  const refundableMinor = refundableOf(payment);
  const wantedMinor = wish.amount.kind === 'remaining' ? refundableMinor : wish.amount.money.minor;
  const [only] = sources;
  if (only !== undefined && sources.length === 1 && wantedMinor <= restOf(only))
    return succeed([{ source: only, amountMinor: wantedMinor, explicitFeeMinor: null, path: amountPath }]);
  const rest = sources.filter((source) => restOf(source) > 0n);
  const restMinor = rest.reduce((sum, source) => sum + restOf(source), 0n);
  if (wantedMinor !== restMinor || restMinor > refundableMinor) {
    const isClear = restMinor > 0n && restMinor <= refundableMinor;
    const nearest = isClear ? [restMinor] : [];
    return refuse(
      notAllocatable(splitMessage, amountPath, toCurrency(payment.currency), wantedMinor, nearest),
    );
  }
  return succeed(
    rest.map((source) => ({
      source,
      amountMinor: restOf(source),
      explicitFeeMinor: null,
      path: amountPath,
    })),
  );
}

const splitMessage =
  'This payment is split between sellers: say how much each returns with "sources", or ask for all that remains.';

function chosenParts(
  payment: Payment,
  sources: readonly PaymentSource[],
  chosen: readonly SourceWish[],
): Result<readonly Part[]> {
  const problems: Problem[] = [];
  const parts: Part[] = [];
  for (const [index, { seller, amount, platformFee }] of chosen.entries()) {
    const path = [...amountPath, 'sources', String(index)];
    const source = sources.find((candidate) => candidate.seller === seller);
    if (source === undefined)
      problems.push(invalidInput([...path, 'seller'], `The payment has no seller "${seller}".`));
    else if (parts.some((part) => part.source === source))
      problems.push(invalidInput([...path, 'seller'], 'A seller is named once. Add its amounts up.'));
    else if (amount.minor > certainRestOf(source, payment))
      problems.push({
        type: 'AmountExceedsRefundable',
        code: 'AMOUNT_EXCEEDS_REFUNDABLE',
        message: 'More than is left of this seller. Ask for at most "refundable".',
        path: [...path, 'amount'],
        retry: 'NEW_REQUEST',
        refundable: { minor: certainRestOf(source, payment), currency: amount.currency },
      });
    else
      parts.push({ source, amountMinor: amount.minor, explicitFeeMinor: platformFee?.minor ?? null, path });
  }
  return problems.length > 0 ? refuse(...problems) : succeed(parts);
}
