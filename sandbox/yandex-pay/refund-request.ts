import { isObject } from '../json.ts';
import { parseDecimal } from './amounts.ts';
import { ApiError } from './api-error.ts';

const MAX_TEXT_LENGTH = 2_048;
const NOT_SIMULATED = ['targetShipping', 'refundExternalAmount'] as const;

/** What remains of one product; absent numbers stay as they are. */
export interface TargetItem {
  countHundredths: bigint | undefined;
  unitMinor: bigint | undefined;
}

/** A well-formed body of a refund; nothing of it was compared with the order yet. */
export interface RefundRequest {
  amountMinor: bigint;
  externalId: string | null;
  /** The cart after the refund by product; undefined: nothing remains. */
  target: Map<string, TargetItem> | undefined;
  params: Record<string, string | null>;
}

/** Reads the body of `POST /v2/orders/{id}/refund` (docs order/merchant_v2_refund-post). Throws 400. */
export function parseRefundRequest(body: Record<string, unknown>): RefundRequest {
  const { targetCart = null, refundCart = null } = body;
  if (targetCart !== null && refundCart !== null) throw new ApiError('cartsBoth');
  // What the numbers of a refundCart mean is not documented.
  if (refundCart !== null) throw new ApiError('notSimulated');
  for (const name of NOT_SIMULATED) {
    if (body[name] !== undefined && body[name] !== null) throw new ApiError('notSimulated');
  }
  const amountMinor = parseDecimal(body['refundAmount']);
  if (amountMinor === undefined || amountMinor === 0n) throw new ApiError('amountInvalid');
  return {
    amountMinor,
    externalId: parseExternalId(body['externalOperationId']),
    target: targetCart === null ? undefined : parseTarget(targetCart),
    params: {
      motive: parseText(body['motive']),
      branch_id: parseText(body['branchId']),
      manager_id: parseText(body['managerId']),
    },
  };
}

/** `externalOperationId`: optional for the provider. Throws 400. */
export function parseExternalId(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT_LENGTH) {
    throw new ApiError('externalIdInvalid');
  }
  return value;
}

/** An optional text. Throws 400. */
export function parseText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) throw new ApiError('fieldInvalid');
  return value;
}

function parseTarget(cart: unknown): Map<string, TargetItem> {
  const items = isObject(cart) ? cart['items'] : undefined;
  if (!Array.isArray(items)) throw new ApiError('itemsInvalid');
  const target = new Map<string, TargetItem>();
  for (const item of items as unknown[]) {
    const productId = isObject(item) ? item['productId'] : undefined;
    if (!isObject(item) || typeof productId !== 'string') throw new ApiError('itemsInvalid');
    if (target.has(productId)) throw new ApiError('productTwice');
    target.set(productId, {
      countHundredths: optional(item['quantityCount'], parseCount),
      unitMinor: optional(item['price'], parsePrice),
    });
  }
  return target;
}

function optional(value: unknown, parse: (value: unknown) => bigint): bigint | undefined {
  return value === undefined || value === null ? undefined : parse(value);
}

function parseCount(value: unknown): bigint {
  const hundredths = parseDecimal(value);
  if (hundredths === undefined) throw new ApiError('quantityInvalid');
  return hundredths;
}

function parsePrice(value: unknown): bigint {
  const minor = parseDecimal(value);
  if (minor === undefined || minor === 0n) throw new ApiError('amountInvalid');
  return minor;
}
