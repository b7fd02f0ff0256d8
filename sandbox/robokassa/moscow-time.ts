const MOSCOW_OFFSET_MS = 10_800_000;

/** An instant as .NET writes it: Moscow time with seven fractional digits, `2026-11-21T13:00:05.1230000+03:00`. */
export function moscowTime(instant: number): string {
  return new Date(instant + MOSCOW_OFFSET_MS).toISOString().replace('Z', '0000+03:00');
}
