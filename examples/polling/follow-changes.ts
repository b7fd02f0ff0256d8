import { ask, backoffMs, Problem, sleepFor, type Api, type Sleep } from './ask.ts';

/** A row of the screen. */
export interface Row {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly isFinal: boolean;
  readonly moneyMovement: string;
  readonly createdAt: string;
  readonly freshness: { readonly pollAfterMs: number | null };
}

const MAX_ROWS = 50;

const ROW = 'id version status isFinal moneyMovement createdAt freshness { pollAfterMs }';

const LIST = `query Screen($filter: RefundFilter) {
  refunds(first: ${MAX_ROWS}, filter: $filter) { nodes { ${ROW} } changesCursor }
}`;

const CHANGES = `query Changes($after: String!) {
  refundChanges(after: $after, first: 100) { changes { version refund { ${ROW} } } cursor hasMore }
}`;

interface Page {
  readonly changes: readonly { readonly version: number; readonly refund: Row }[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

export interface FollowOptions {
  /** Of the list; the feed tells of every refund of the merchant. */
  readonly filter: Readonly<Record<string, unknown>>;
  /** Called with all rows, newest first, whenever one of them has changed. */
  readonly onRows: (rows: readonly Row[]) => void;
  /** Whether a refund that was made meanwhile belongs on the screen. */
  readonly belongs?: (row: Row) => boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly sleep?: Sleep;
}

/** New refunds may be made at any time, so that a screen on which everything is final is asked for now and then. */
const IDLE_MS = 30_000;

/**
 * Keeps a screen of refunds up to date: one list, and from then on one field for all of its rows. Ends when the signal is
 * aborted, by rejecting with its reason.
 */
export async function followRefunds(api: Api, options: FollowOptions): Promise<never> {
  const { filter, onRows, belongs = () => true, signal, sleep = sleepFor } = options;
  const rows = new Map<string, Row>();
  let news = 0;
  let quiet = 0;
  let cursor: string | undefined;
  for (let failures = 0; ;) {
    let waitMs: number;
    try {
      const before = news;
      cursor = cursor === undefined ? await readList() : await readChanges(cursor);
      failures = 0;
      quiet = news === before ? quiet + 1 : 0;
      // What was told with a row is as old as the row: the longer nothing comes, the less often it is worth asking.
      waitMs = Math.min(soonest() * 2 ** Math.min(quiet, 10), IDLE_MS);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'CURSOR_EXPIRED') {
        // What lay behind the cursor is gone: the list tells how the rows are, the feed goes on at its beginning.
        await readList().catch(ignoreTemporary);
        cursor = restartOf(error);
        waitMs = 0;
      } else if (error.isTemporary) {
        failures += 1;
        waitMs = backoffMs(failures, error);
      } else throw error;
    }
    await sleep(waitMs, signal);
  }

  /** @returns the cursor of before the list, so that nothing falls between the two */
  async function readList(): Promise<string> {
    const { data } = await ask<{ refunds: { nodes: Row[]; changesCursor: string } }>(
      api,
      LIST,
      { filter },
      { signal },
    );
    take(data?.refunds.nodes ?? []);
    return data!.refunds.changesCursor;
  }

  /** Page after page until there is no more. */
  async function readChanges(after: string): Promise<string> {
    for (let from = after; ;) {
      const { data } = await ask<{ refundChanges: Page }>(api, CHANGES, { after: from }, { signal });
      const page = data!.refundChanges;
      take(page.changes.map(({ refund }) => refund));
      if (!page.hasMore) return page.cursor;
      from = page.cursor;
    }
  }

  function soonest(): number {
    return Math.min(...[...rows.values()].map(({ freshness }) => freshness.pollAfterMs ?? IDLE_MS), IDLE_MS);
  }

  /** The highest version stays, whatever comes in whatever order. */
  function take(given: readonly Row[]): void {
    let hasChanged = false;
    for (const row of given) {
      const known = rows.get(row.id);
      if (known === undefined ? !belongs(row) : known.version >= row.version) continue;
      rows.set(row.id, row);
      hasChanged = true;
    }
    if (!hasChanged) return;
    news += 1;
    const newestFirst = [...rows.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
    for (const row of newestFirst.slice(MAX_ROWS)) rows.delete(row.id);
    onRows(newestFirst.slice(0, MAX_ROWS));
  }
}

const restartOf = ({ extensions }: Problem): string | undefined =>
  typeof extensions['restartFrom'] === 'string' ? extensions['restartFrom'] : undefined;

function ignoreTemporary(error: unknown): void {
  if (!(error instanceof Problem && error.isTemporary)) throw error;
}

if (import.meta.main) {
  const [url = '', apiKey = '', account = ''] = process.argv.slice(2);
  const onRows = (rows: readonly Row[]): void =>
    console.table(rows, ['createdAt', 'status', 'moneyMovement']);
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const filter = { account };
  await followRefunds({ url, apiKey }, { filter, onRows, signal: stopping.signal }).catch(
    (error: unknown) => {
      if (!stopping.signal.aborted) throw error;
    },
  );
}
