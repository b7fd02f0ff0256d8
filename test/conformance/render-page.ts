import { capabilitiesWith, claimsOf, type Claim } from '../../src/providers/claims.ts';
import type { Capabilities, Deviation, RecoveryPlan } from '../../src/providers/provider.ts';
import type { Column } from './known-results.ts';
import { groups } from './scenarios/all.ts';

interface Shown {
  readonly capabilities: Capabilities;
  readonly recovery: RecoveryPlan;
  readonly sendDeadlineMs: number;
}

type Row = readonly [label: string, claims: readonly string[], cell: (shown: Shown) => string];

const yesNo = (label: string, name: Claim & keyof Capabilities): Row => [
  label,
  [name],
  ({ capabilities }) => (capabilities[name] === true ? 'yes' : 'no'),
];

/** One row per fact, in the order in which a person asks. */
const rows: readonly Row[] = [
  yesNo('Partial refunds', 'partialRefunds'),
  yesNo('Several refunds of one payment', 'severalRefundsPerPayment'),
  yesNo('Refunds of one seller of a split payment', 'splitRefunds'),
  yesNo('Refunds by item', 'itemRefunds'),
  yesNo('Fiscal receipts', 'receipts'),
  ['Speeds', ['refundSpeeds'], ({ capabilities }) => capabilities.refundSpeeds.join(', ') || 'no choice'],
  yesNo('Release of a hold (`cancelPayment`)', 'voidAuthorized'),
  yesNo('Closing an unpaid payment (`cancelPayment`)', 'cancelUnpaid'),
  yesNo('Calling a refund back at the provider', 'cancelRefund'),
  [
    'Refunds of one payment at the same time',
    ['concurrentOperationsPerPayment'],
    ({ capabilities }) => (capabilities.concurrentOperationsPerPayment === 'ONE' ? 'one' : 'many'),
  ],
  [
    'Refund window',
    ['refundWindowDays'],
    ({ capabilities: { refundWindowDays: days } }) => (days === null ? 'not published' : `${days} days`),
  ],
  [
    'Life of an idempotency key',
    ['idempotencyHours'],
    ({ capabilities: { idempotencyHours: hours } }) => (hours === 0 ? 'no keys' : `${hours} h`),
  ],
  ['A lost answer is resolved by', [], ({ recovery }) => waysOf(recovery)],
  yesNo('Refunds listed by payment', 'listByPayment'),
  yesNo('Refunds listed by time', 'listByTime'),
  [
    'Refunds per page of such a list',
    ['listPageSize'],
    ({ capabilities }) => (capabilities.listByTime ? String(capabilities.listPageSize) : 'no list'),
  ],
  [
    'Refunds made elsewhere',
    ['externalRefunds'],
    ({ capabilities }) => capabilities.externalRefunds.toLowerCase(),
  ],
  [
    'Trace references',
    ['traceReferences'],
    ({ capabilities }) => capabilities.traceReferences.join(', ') || 'none',
  ],
  yesNo('Trace references after the final status', 'lateTraceReferences'),
  ['Webhooks', ['webhooks'], ({ capabilities: { webhooks = [] } }) => webhooks.join(', ') || 'none'],
  ['Longest wait for one send', [], ({ sendDeadlineMs }) => `${sendDeadlineMs / 1000} s`],
];

function waysOf({ replayForMs, lookUp }: RecoveryPlan): string {
  const ways = [
    ...(replayForMs > 0 ? [`sending the same bytes again for ${lifeOf(replayForMs)}`] : []),
    ...(lookUp === 'LIST_AND_MATCH' ? ['listing refunds and matching our reference'] : []),
  ];
  return ways.length === 0 ? 'a person' : ways.join(', then ');
}

const lifeOf = (ms: number): string => (ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`);

/** The tables of docs/providers.md: what was proven, and scenario by scenario how. */
export function renderPage(columns: readonly Column[]): string {
  const footnotes = new Map<string, number>();
  const note = ({ reason, source }: Deviation): string => {
    const text = `${reason} (${source})`;
    const number = footnotes.get(text) ?? footnotes.size + 1;
    footnotes.set(text, number);
    return `differs (${number})`;
  };
  const head = (title: string): string[][] => [
    [title, ...columns.map((column) => column.title)],
    ['---', ...columns.map(() => '---')],
  ];
  const suites = ['Tried by', ...columns.map(({ results }) => results?.suite ?? 'nothing yet')];
  const capabilities = rows.map(([label, claims, cell]) => [
    label,
    ...columns.map((column) => capabilityCell(column, claims, cell)),
  ]);
  const scenarios = Object.entries(groups).flatMap(([group, all]) => [
    [`**${group}**`, ...columns.map(() => '')],
    ...all.map(({ name }) => [name, ...columns.map((column) => scenarioCell(column, name, note))]),
  ]);
  const notes = [...footnotes].map(([text, number]) => `${number}. ${text}\n`).join('');
  return [
    table([...head('What it can do'), suites, ...capabilities]),
    table([...head('Scenario'), ...scenarios]),
    notes,
  ].join('\n');
}

const table = (lines: readonly (readonly string[])[]): string =>
  lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');

/** What is declared and proven; what is declared only says so. */
function capabilityCell({ adapter, results }: Column, claims: readonly string[], cell: Row[2]): string {
  if (claims.length === 0) return cell(adapter);
  if (results === undefined) return '?';
  const proven = new Set(Object.keys(results.proven) as Claim[]);
  const unproven = claimsOf(adapter.capabilities).filter(
    (claim) => claims.includes(claim.split('.')[0]!) && !proven.has(claim),
  );
  const shown = cell({ ...adapter, capabilities: capabilitiesWith(adapter.capabilities, proven) });
  if (unproven.length === 0) return shown;
  const kinds = unproven.flatMap((claim) => claim.split('.')[1] ?? []);
  return kinds.length === 0 ? 'not proven' : `${shown} (not proven: ${kinds.join(', ')})`;
}

function scenarioCell(
  { adapter, results }: Column,
  name: string,
  note: (deviation: Deviation) => string,
): string {
  const verdict = results?.scenarios[name];
  const deviation = adapter.deviations?.[name];
  switch (verdict) {
    case undefined:
      return '?';
    case 'as expected':
      return 'yes';
    case 'not declared':
      return 'no';
    case 'not tried':
      return 'not tried';
    default:
      return deviation === undefined ? verdict : note(deviation);
  }
}
