import type { Position } from '../timeline.ts';

/** An opaque cursor that looks like the provider's: a UUID shape around a position. */
export function encodeCursor({ at, seq }: Position): string {
  const hex = (at.toString(16).padStart(12, '0') + seq.toString(16).padStart(12, '0')).padEnd(24, '0');
  return dashed(hex + checksum(hex));
}

/** The position in a cursor that `encodeCursor` made, else undefined. */
export function decodeCursor(cursor: string): Position | undefined {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) return undefined;
  const hex = cursor.replaceAll('-', '');
  if (checksum(hex.slice(0, 24)) !== hex.slice(24)) return undefined;
  return { at: Number.parseInt(hex.slice(0, 12), 16), seq: Number.parseInt(hex.slice(12, 24), 16) };
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

// FNV-1a: enough to tell our cursors from invented ones.
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}
