import type { Cursor, Page, PageQuery } from '../db/list-page.ts';
import { isUuid } from '../ids.ts';
import { badUserInput } from './request-errors.ts';

export const MAX_PAGE_SIZE = 100;

/** The arguments of every list. `last` outranks `first`, which has a default. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

interface Listed {
  readonly id: string;
  readonly exact_created_at: string;
}

/**
 * Reads the paging arguments of a list.
 *
 * @throws BAD_USER_INPUT naming the argument
 */
export function readPage(args: PageArguments, ascending: boolean): PageQuery {
  const backward = args.last !== null && args.last !== undefined;
  const name = backward ? 'last' : 'first';
  const limit = args[name] ?? 20;
  if (limit < 1 || limit > MAX_PAGE_SIZE)
    throw badUserInput([name], `"${name}" is ${limit}. Ask for 1 to ${MAX_PAGE_SIZE}.`);
  return {
    limit,
    backward,
    ascending,
    after: readCursor('after', args.after),
    before: readCursor('before', args.before),
  };
}

const cursorPattern = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** An instant that PostgreSQL reads too: `Date.parse` alone takes the 30th of February for the 2nd of March. */
function isInstant(text: string): boolean {
  const ms = cursorPattern.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 23) === text.slice(0, 23);
}

function readCursor(name: string, text: string | null | undefined): Cursor | undefined {
  if (text === null || text === undefined) return undefined;
  const [createdAt = '', id = ''] = Buffer.from(text, 'base64url').toString('latin1').split('|');
  if (!isInstant(createdAt) || !isUuid(id))
    throw badUserInput([name], `"${name}" is not a cursor of this API. Pass a cursor as it was returned.`);
  return { createdAt, id };
}

const cursorOf = (row: Listed): string =>
  Buffer.from(`${row.exact_created_at}|${row.id}`).toString('base64url');

/** Whether there is more is known in the direction of reading; in the other one, a cursor stands at a row. */
export function toConnection<Row extends Listed>(page: Page<Row>, query: PageQuery): Connection<Row> {
  const edges = page.rows.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: query.backward ? query.before !== undefined : page.hasMore,
      hasPreviousPage: query.backward ? page.hasMore : query.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
