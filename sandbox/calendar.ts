export const DAY_SECONDS = 86_400;

/** The same day and time some months later, or earlier when negative; counted in UTC. */
export function plusMonths(instant: number, months: number): number {
  const date = new Date(instant);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.getTime();
}
