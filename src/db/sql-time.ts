import { sql, type RawBuilder } from 'kysely';

/** The database's time, inside a statement. */
export const appNow: RawBuilder<Date> = sql<Date>`app_now()`;

/** So many milliseconds after the database's time; null stays null. */
export const fromAppNow = (ms: number | null): RawBuilder<Date> | null =>
  ms === null ? null : sql<Date>`app_now() + make_interval(secs => ${ms / 1000}::float8)`;
