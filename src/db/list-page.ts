import { sql, type RawBuilder } from 'kysely';

/**
 * A place between two rows of a list. `createdAt` is text with microseconds, as PostgreSQL keeps them: a
 * JavaScript Date would lose three digits and skip or repeat rows of one millisecond.
 */
export interface Cursor {
  readonly createdAt: string;
  readonly id: string;
}

/** One page of a list that is ordered by (created_at, id). */
export interface PageQuery {
  readonly limit: number;
  /** The last rows before `before` instead of the first after `after`; they are returned in list order all the same. */
  readonly backward: boolean;
  /** Oldest first. */
  readonly ascending: boolean;
  readonly after: Cursor | undefined;
  readonly before: Cursor | undefined;
}

/** `hasMore`: there are rows beyond the page in the direction in which it was read. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

/** The text form of a row's `created_at`, for its cursor. */
export const exactCreatedAt = (table: string): RawBuilder<string> =>
  sql<string>`to_char(${sql.ref(`${table}.created_at`)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Both bounds of a page; true when it has none. */
export function withinPage(table: string, page: PageQuery): RawBuilder<boolean> {
  const key = sql`(${sql.ref(`${table}.created_at`)}, ${sql.ref(`${table}.id`)})`;
  const beyond = (cursor: Cursor | undefined, later: boolean) =>
    cursor === undefined
      ? []
      : [
          sql<boolean>`${key} ${sql.raw(later ? '>' : '<')} (${cursor.createdAt}::timestamptz, ${cursor.id}::uuid)`,
        ];
  const bounds = [...beyond(page.after, page.ascending), ...beyond(page.before, !page.ascending)];
  return bounds.length === 0 ? sql<boolean>`true` : sql<boolean>`${sql.join(bounds, sql` AND `)}`;
}

/** The direction in which the rows of the page are read. */
export const readDirection = (page: PageQuery): 'asc' | 'desc' =>
  page.ascending === page.backward ? 'desc' : 'asc';

/** One row more than the page has was read; it only tells whether there is more. */
export function toPage<Row>(read: readonly Row[], page: PageQuery): Page<Row> {
  const rows = read.slice(0, page.limit);
  return { rows: page.backward ? rows.toReversed() : rows, hasMore: read.length > page.limit };
}
