import { faults } from './fault-catalogue.ts';
import { guarantees, type Guarantee } from './guarantees.ts';
import { columns, type Column } from './conformance/known-results.ts';
import { chaosRuns, fuzzRuns, removals } from './experiments.ts';
import type { Shown } from './fault-catalogue.ts';
import { scenariosOf, shownThere } from './faults-by-provider.ts';

/** docs/guarantees.md, whole: made from the maps of guarantees and faults and from the record of experiments. */
export function renderGuarantees(): string {
  const parts = [faultTable(), providerTable(), removalTable(), chaosTable(), fuzzTable()];
  return `${[intro, ...guarantees.map(section), ...parts].join('\n\n')}\n`;
}

const intro = `# What is guaranteed, and what shows it

Made by \`test/guarantees.test.ts\` from \`test/guarantees.ts\`, \`test/fault-catalogue.ts\` and \`test/experiments.ts\`
(\`npx vitest run test/guarantees.test.ts --update\` writes it again). The test fails when a constraint, a file or a test
that is named here does not exist. A test is counted by its title; one with a table of cases counts once.`;

const countOf = (shown: readonly Shown[]): number =>
  shown.reduce((total, { tests }) => total + tests.length, 0);

const listed = (shown: readonly Shown[]): string =>
  shown.flatMap(({ file, tests }) => tests.map((title) => `- \`${file}\`: ${escape(title)}`)).join('\n');

/** Titles are no markup. */
const escape = (text: string): string => text.replaceAll(/([|*_<$])/g, '\\$1');

function section({ name, promise, database, code, shownBy }: Guarantee): string {
  const names = database.map((each) => `\`${each}\``).join(', ');
  return [
    `## ${name}`,
    promise,
    [
      ...(names === '' ? [] : [`- In the database: ${names}.`]),
      ...code.map(({ what, file }) => `- In the code: ${what} (\`${file}\`).`),
    ].join('\n'),
    `Shown by ${countOf(shownBy)} named tests:`,
    listed(shownBy),
  ].join('\n\n');
}

function faultTable(): string {
  const rows = faults.map(
    ({ row, fault, holds, shownBy }) =>
      `| ${row} | ${escape(fault)} | ${escape(holds)} | ${shownBy.map(({ file }) => `\`${file.replace(/^test\//, '')}\``).join('<br>')} |`,
  );
  return [
    '## Faults',
    `${faults.length} kinds of fault, each with tests. The titles are in \`test/fault-catalogue.ts\`.`,
    ['| | fault | what holds | tests, below `test/` |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function providerTable(): string {
  const notes = new Map<string, number>();
  const note = (text: string): number => {
    const number = notes.get(text) ?? notes.size + 1;
    notes.set(text, number);
    return number;
  };
  const rows = faults
    .filter(({ atProviders }) => atProviders === true)
    .map(({ row, fault }) => {
      const cells = columns.map((column) => providerCell(row, column, note));
      return `| ${[row, escape(fault), String(scenariosOf(row).length), ...cells].join(' | ')} |`;
    });
  return [
    '## Faults at each provider',
    `Rows that depend on what a provider is like are shown for each way to one by scenarios of \`test/conformance\`, through the
public API, with processes that are really killed. \`yes\`: all came out as they do everywhere. A number in brackets names
what is different there, which its adapter declares with the provider's document: \`yes (1)\`, some came out differently;
\`differs (1)\`, all of them did; \`cannot happen (1)\`, the provider is not like that. –: it needs what the provider does not
have. \`not tried\`: the sandbox cannot play it. Scenario by scenario it stands in [providers](providers.md). Results at Adyen
come by webhook only: it is in no such run yet.`,
    [
      `| ${['', 'fault', 'scenarios', ...columns.map(({ title }) => title)].join(' | ')} |`,
      `|${'---|'.repeat(columns.length + 3)}`,
      ...rows,
    ].join('\n'),
    [...notes].map(([text, number]) => `${number}. ${escape(text)}`).join('\n'),
  ].join('\n\n');
}

function providerCell(row: string, column: Column, note: (text: string) => number): string {
  const there = shownThere(row, column);
  if (there === undefined) return 'not run';
  const { asExpected, deviating, untried, lost } = there;
  if (lost.length > 0) return 'LOST';
  const numbers = [...new Set(deviating.map(({ reason, source }) => note(`${reason} (${source})`)))];
  const differs = numbers.length === 0 ? '' : ` (${numbers.join(', ')})`;
  if (asExpected.length > 0) return `yes${differs}`;
  if (deviating.length === 0) return untried.length > 0 ? 'not tried' : '–';
  const isImpossible = deviating.every(({ instead }) => instead === 'IMPOSSIBLE');
  return `${isImpossible ? 'cannot happen' : 'differs'}${differs}`;
}

function removalTable(): string {
  const rows = removals.map(
    ({ what, test: { file, tests }, how }) =>
      `| ${escape(what)} | \`${file}\`: ${tests.map(escape).join('; ')} | ${escape(how)} |`,
  );
  return [
    '## What each part is for',
    'Each was taken out of a copy once, and these tests failed. They are checked to exist; the trial is not repeated by itself.',
    ['| without | fails | how |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function chaosTable(): string {
  const rows = chaosRuns.map(
    (run) =>
      `| ${run.seed} | ${run.seconds} | ${run.refunds} | ${run.kills} | ${run.stops} | ${run.database} | ${run.cuts} | ${run.providerFaults} | ${run.webhooks[0]}, ${run.webhooks[1]} of them forged | ${run.settled} | ${run.result} |`,
  );
  return [
    '## Runs under chaos',
    `\`npm run chaos -- --seed N --seconds S\` starts two APIs (one of them with its engine), a worker, PostgreSQL and the sandbox,
each as a process of its own, with a TCP proxy before the database and before each provider: YooKassa, Razorpay,
RoboKassa, Yandex Pay, Stripe, and Stripe once more by way of Prism, whose place the built-in adapter takes. Each is driven
as far as its capabilities go, which are read from its adapter: full and partial refunds, items of a cart, shares of
sellers, releases of holds, refunds that are stopped at the provider. Two merchants have accounts at all of them but Prism.

Clients that repeat what was not answered ask for refunds, retries, cancellations and releases; meanwhile providers fail in
every way that the sandbox knows of each (but one: a key forgotten within its life, which a test of its own shows), refunds
wait there, succeed, fail and are canceled, new payments arrive, processes are killed and stopped, the database is restarted
in order and by crash, connections are cut, held and delayed, and somebody refunds in the provider's console. The
provider's webhooks are switched all the time: true, twice, in the wrong order, forged, or none, to one API or the other,
which may be down or stopped at that moment.

A person looks into the provider's books every two seconds, as one would into its cabinet, and decides with
\`resolveRefund\` what waits for that: at RoboKassa, which knows no keys, every refund whose answer was lost. A verdict that
comes too early is refused, and is given again later.

Then faults and webhooks end, no client calls the API any more, and the engine has to find everything out; the time of
database and provider is moved to the next look, the processes' own clocks are not (\`--real-time\` waits instead). What is
left under review then is decided by the person. Yandex Pay and RoboKassa list no refunds over a time, so that there a
refund of the console whose webhook was lost is found when its payment is asked for: at the end somebody asks for all of
them. Last, the provider's books are compared with ours to the minor unit, refund by refund, and every answer that a
client ever got with what is stored; refunds of RoboKassa's cabinet, which no call tells, are left out. A webhook that was
acknowledged has to be kept, and a forged one must not be acknowledged, but for YooKassa's: it signs none, so that what
one says is never taken but asked for.

The seed decides what is asked and what goes wrong when; processes keep their own timing, so that a repetition is alike
and not equal. Sixty seconds of it are a part of \`.ci/run\`; ten minutes are run by hand:
\`npm run chaos -- --seed 1 --seconds 600\`.

What was run on 22 November 2026, on a machine of two cores with other work beside it; kills are those of services and of
the provider together:`,
    [
      '| seed | seconds | refunds | kill -9 | stopped for seconds | database restarts | cut, held, refused, delayed | provider faults | webhooks | found out after | result |',
      '|---|---|---|---|---|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
  ].join('\n\n');
}

function fuzzTable(): string {
  const rows = fuzzRuns.map(
    ({ seed, requests, seconds, answers, memory: [before, most], result }) =>
      `| ${seed} | ${requests} | ${seconds} | ${Object.entries(answers)
        .map(([status, count]) => `${status}: ${count}`)
        .join('<br>')} | ${before} MB, at most ${most} MB | ${result} |`,
  );
  return [
    '## Nonsense at the URLs of webhooks',
    `\`npm run fuzz:webhooks -- --runs N --seed S\` starts a demo and sends it, 32 at a time, what follows from the seed: deliveries that
are valid, of another time, for another account, with bytes or headers changed, by another method, at another path, bodies of
random bytes and of 256 KB and more, and documents with nonsense in them that are signed as they should be. What the service
knows of its payments and refunds, with their histories, is compared before and after. A short run is a part of the tests.`,
    [
      '| seed | requests | seconds | answers by status | memory of the process | result |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
  ].join('\n\n');
}
