import { connectDatabase } from '../src/db/connect.ts';
import { migrateToLatest } from '../src/db/migrate.ts';
import { compare, measureSize, type Compared, type Measured } from './compare-growth.ts';
import { ms, ratio, table } from './report.ts';
import type { Bar, Finding, Run } from './run.ts';

const BAR = 1.3;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The sizes that a run measures; `GROWTH_REFUNDS=10000,1000000` names others. A million takes some minutes to make. */
const sizesOf = ({ isQuick }: Run): readonly number[] =>
  process.env['GROWTH_REFUNDS']?.split(',').map(Number) ?? (isQuick ? [3_000, 30_000] : [10_000, 100_000]);

/** Pages that every statement of the lists, the feed and createRefund reads, with few refunds and with many. */
export async function measureGrowth(run: Run): Promise<Finding> {
  const measured: Measured[] = [];
  for (const refunds of sizesOf(run)) {
    const { config } = await run.server.database(`growth_${refunds}_generated`);
    const connected = connectDatabase<never>({ config, log: quiet });
    await migrateToLatest(connected.db).finally(() => connected.close());
    measured.push(await measureSize(config, run.instantAccount.baseUrl, refunds));
  }
  return findingOf(measured);
}

function findingOf(measured: readonly Measured[]): Finding {
  const [few, many] = [measured[0]!, measured.at(-1)!];
  const compared = compare(few, many);
  const deeper = [...many.depths].filter(([name, level]) => level > (few.depths.get(name) ?? 0));
  const head = [
    'merchant',
    'statement',
    `pages at ${few.refunds}`,
    `at ${many.refunds}`,
    'rows',
    'levels',
    'times',
    'time',
  ];
  const rows = compared.map(({ merchant, operation, summary, few: before, many: after, levels, times }) => [
    merchant,
    `${operation}: ${summary}`,
    String(before.buffers),
    String(after.buffers),
    before.rows === after.rows ? String(after.rows) : `${before.rows} to ${after.rows}`,
    levels === 0 ? '' : `+${levels}`,
    times > BAR ? `**${ratio(times)}**` : ratio(times),
    `${ms(before.ms)} to ${ms(after.ms)}`,
  ]);
  const generated = measured.map(
    ({ refunds, generatedSeconds }) => `${refunds} refunds in ${generatedSeconds.toFixed(0)} s`,
  );
  return {
    bars: (['list', 'feed', 'create'] as const).map((part) => barOf(part, compared, few, many)),
    details: [
      `Generated: ${generated.join(', ')}. One merchant has nearly all of them, one has twelve. Plans are generic ones; pages are those of shared buffers, read or found there, with triggers and foreign keys.`,
      `"levels" are pages that are read more because an index has grown by a level, one for each search: a B-tree gains one with every factor of some hundred rows, so that no statement could stay below the bar otherwise, however good its plan is. "times" is without them, and for each row where more rows fit a page that was not full. Deeper by one or more: ${deeper.length} of ${many.depths.size} indexes.`,
      table(head, rows),
    ].join('\n\n'),
  };
}

const names = { list: 'lists', feed: 'feed of changes', create: '`createRefund`' } as const;

function barOf(part: keyof typeof names, compared: readonly Compared[], few: Measured, many: Measured): Bar {
  const own = compared.filter((each) => each.part === part);
  const worst = own.toSorted((a, b) => b.times - a.times)[0]!;
  return {
    what: `Pages read by each statement, ${names[part]}, ${many.refunds} refunds`,
    against: `${few.refunds} refunds`,
    bar: '<= 1.30',
    measured: `${ratio(worst.times)} (the worst of ${own.length})`,
    isMet: worst.times <= BAR,
    reason: `${worst.merchant}, ${worst.operation}: ${worst.few.buffers} to ${worst.many.buffers} pages`,
  };
}
