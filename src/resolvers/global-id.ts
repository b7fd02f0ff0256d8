import { encodeGlobalId, isUuid, type AccountId, type LegId, type PaymentId, type RefundId } from '../ids.ts';

/** The types that have global ids, and what their rows are called by. */
interface IdsByType {
  readonly Payment: PaymentId;
  readonly Refund: RefundId;
  readonly ProviderAccount: AccountId;
  readonly RefundLeg: LegId;
}

export type GlobalIdType = keyof IdsByType;

export { encodeGlobalId };

/**
 * What an id from a caller names; undefined for everything that `encodeGlobalId` did not make. PostgreSQL
 * never sees a malformed uuid.
 */
export function parseGlobalId(text: string): { readonly type: string; readonly id: string } | undefined {
  const [type = '', id = '', ...rest] = Buffer.from(text, 'base64').toString('latin1').split(':');
  if (rest.length > 0 || !isUuid(id) || encodeGlobalId(type, id) !== text) return undefined;
  return { type, id };
}

/** The id of a row of this type; undefined when the text is malformed or names something else. */
export function decodeGlobalId<T extends GlobalIdType>(type: T, text: string): IdsByType[T] | undefined {
  const parsed = parseGlobalId(text);
  return parsed?.type === type ? (parsed.id as IdsByType[T]) : undefined;
}
