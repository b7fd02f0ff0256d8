const MAX_SECONDS_DIGITS = 9;

/** Longer advice than this is not believed, in milliseconds. */
const MAX_ADVICE_MS = 3_600_000;

/**
 * The `Retry-After` header (RFC 9110 section 10.2.3, seconds or a date) as milliseconds from now, or null where it is
 * absent or no such value.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: Date): number | null {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+$/.test(value)) return value.length > MAX_SECONDS_DIGITS ? null : Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}

/** A provider's advice of when to send again as it is followed: whole milliseconds, an hour at most. */
export const believedMs = (advisedMs: number | null): number | null =>
  advisedMs === null ? null : Math.min(Math.ceil(advisedMs), MAX_ADVICE_MS);
