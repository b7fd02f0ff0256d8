const MAX_SECONDS_DIGITS = 9;

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
