import type { PaymentSource } from '../db/payments.ts';
import { invalidInput, type Problem } from '../errors.ts';
import type { FeeBearer } from '../vocabulary.ts';

interface FeePart {
  readonly source: PaymentSource;
  readonly amountMinor: bigint;
  readonly explicitFeeMinor: bigint | null;
  readonly path: readonly string[];
}

/** What the platform can still give back of the commission that it withheld from one seller, in minor units. */
export const feeRestOf = (source: PaymentSource): bigint =>
  (source.platform_fee_minor ?? 0n) - source.fee_returned_minor - source.fee_reserved_minor;

/**
 * The commission that goes back with an amount when the platform bears it: its proportional share, rounded
 * so that refunds which follow each other up to the whole sum return the whole commission, and never more
 * than is left. Zero when the seller bears it.
 */
export function sharePlatformFee(
  source: PaymentSource,
  amountMinor: bigint,
  feeBearer: FeeBearer | null,
): bigint {
  const feeMinor = source.platform_fee_minor ?? 0n;
  if (feeBearer !== 'PLATFORM' || feeMinor === 0n || source.captured_minor === 0n) return 0n;
  const before = source.refunded_minor + source.reserved_minor;
  const upTo = (minor: bigint): bigint => (feeMinor * minor) / source.captured_minor;
  const share = upTo(before + amountMinor) - upTo(before);
  const rest = feeRestOf(source);
  return share < rest ? share : rest;
}

/** Who bears the commission is never guessed; an explicit commission and a bearer contradict each other. */
export function whyFeesAreUnclear(
  parts: readonly FeePart[],
  feeBearer: FeeBearer | null,
): Problem | undefined {
  const explicit = parts.find((part) => part.explicitFeeMinor !== null);
  if (explicit !== undefined && feeBearer !== null)
    return invalidInput(
      [...explicit.path, 'platformFee'],
      'Either feeBearer says who bears the commission, or each source names its platformFee; not both.',
    );
  const open = parts.find(
    (part) => part.explicitFeeMinor === null && (part.source.platform_fee_minor ?? 0n) > 0n,
  );
  if (open === undefined || feeBearer !== null) return undefined;
  return {
    type: 'FeeBearerRequired',
    code: 'FEE_BEARER_REQUIRED',
    message:
      'The platform withheld a commission. Say with feeBearer whether it gives its share back (PLATFORM) or keeps it (SELLER).',
    path: ['input', 'feeBearer'],
    retry: 'NEW_REQUEST',
  };
}

/** An explicit commission must fit into what was withheld and not returned, and into the amount itself. */
export function whyFeeDoesNotFit({
  source,
  amountMinor,
  explicitFeeMinor,
  path,
}: FeePart): Problem | undefined {
  if (explicitFeeMinor === null) return undefined;
  const rest = feeRestOf(source);
  const limit = rest < amountMinor ? rest : amountMinor;
  if (explicitFeeMinor >= 0n && explicitFeeMinor <= limit) return undefined;
  return invalidInput(
    [...path, 'platformFee'],
    `Of this seller's commission at most ${limit} minor units can be given back with this amount.`,
  );
}
