import { isObject } from '../json.ts';
import { ApiError } from './api-error.ts';
import { parseAmount } from './amount.ts';

/** A well-formed body of a refund; nothing of it was compared with the payment yet. */
export interface RefundRequest {
  /** Undefined: absent. */
  amountMinor: bigint | undefined;
  speed: 'normal' | 'optimum';
  notes: Record<string, string | number>;
  receipt: string | null;
}

const FIELDS = new Set(['amount', 'speed', 'notes', 'receipt']);
const MAX_NOTES = 15;
const MAX_NOTE_LENGTH = 256;
const MAX_RECEIPT_LENGTH = 40;

/** Reads the body of `POST /payments/{id}/refund`. Throws the 400 of the first field that is malformed. */
export function parseRefundRequest(body: Record<string, unknown>): RefundRequest {
  refuseExtraFields(body, FIELDS);
  const { amount, speed = 'normal', notes, receipt = null } = body;
  if (speed !== 'normal' && speed !== 'optimum') throw new ApiError('speedInvalid');
  if (receipt !== null && (typeof receipt !== 'string' || receipt.length > MAX_RECEIPT_LENGTH)) {
    throw new ApiError('receiptInvalid');
  }
  return {
    amountMinor: amount === undefined ? undefined : parseAmount(amount),
    speed,
    notes: notes === undefined ? {} : parseNotes(notes),
    receipt: receipt === '' ? null : receipt,
  };
}

/** Throws the 400 that names every field that is not known. */
export function refuseExtraFields(body: Record<string, unknown>, known: ReadonlySet<string>): void {
  const extra = Object.keys(body).filter((name) => !known.has(name));
  if (extra.length > 0) throw new ApiError('extraFields', { fields: extra.join(', ') });
}

/** `notes`: at most 15 keys with texts of at most 256 characters; an empty map may be written `[]`. Throws 400. */
export function parseNotes(value: unknown): Record<string, string | number> {
  if (Array.isArray(value) && value.length === 0) return {};
  if (!isObject(value) || Object.keys(value).length > MAX_NOTES) throw new ApiError('notesInvalid');
  return Object.fromEntries(
    Object.entries(value).map(([key, note]): [string, string | number] => {
      const isNote = typeof note === 'number' || (typeof note === 'string' && note.length <= MAX_NOTE_LENGTH);
      if (!isNote) throw new ApiError('notesInvalid');
      return [key, note];
    }),
  );
}
