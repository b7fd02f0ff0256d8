import type { Answer } from './history.ts';
import type { Result, RunOptions } from './run.ts';
import type { Stage } from './stage.ts';

const listed = (counts: Iterable<readonly [string, number]>): string =>
  [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, number]) => `${name} ${number}`)
    .join(', ') || 'none';

/** The summary of a run, as a person reads it. */
export function report(stage: Stage, { seed, seconds }: RunOptions, result: Result): string {
  const { history, troubles, verdicts, settled, violations, explained, alerts, figures } = result;
  const by = (name: (asked: (typeof history.asked)[number]) => string): string =>
    listed([...Map.groupBy(history.asked, name)].map(([key, all]) => [key, all.length] as const));
  const refunds = new Set(
    history.asked.flatMap(({ answer }) => (answer.kind === 'refund' ? [answer.refund.id] : [])),
  );
  const processes = [...Object.values(stage.services), stage.sandbox].map(
    ({ name, counts }) => `${name} ${counts.starts}/${counts.kills}/${counts.pauses}/${counts.refusedStarts}`,
  );
  const word = ({ kind }: Answer): string => kind;
  return [
    `seed ${seed}, ${seconds} s`,
    `requests: ${history.asked.length} (${by(({ action }) => action)})`,
    `answers: ${by(({ answer }) => word(answer))}`,
    `asked again because of: ${by(({ answer, action }) => (answer.kind === 'none' ? `${action} ${answer.why}` : 'answered'))}`,
    `refunds acknowledged: ${refunds.size}`,
    `processes, starts/kills/stops/refused starts: ${processes.join(', ')}`,
    `troubles: ${listed(troubles)}`,
    `verdicts of a person: ${listed(verdicts)}`,
    ...[...stage.relay.counts].map(
      ([name, counts]) => `webhooks of ${name}: ${listed(Object.entries(counts))}`,
    ),
    `alerts: ${listed(alerts)}`,
    `found out after the faults: ${(settled.realMs / 1000).toFixed(1)} s, with time moved by ${settled.movedSeconds} s`,
    ...Object.entries(figures).map(([name, figure]) => `${name}: ${figure}`),
    violations.length === 0
      ? 'verdict: every invariant holds'
      : `verdict: ${violations.length} VIOLATIONS\n${violations.map(({ invariant, what }) => `  ${invariant} ${what}`).join('\n')}`,
    ...explained,
    '',
  ].join('\n');
}
