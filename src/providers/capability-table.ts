import type { Capabilities, ProviderAdapter } from './provider.ts';
import { allAdapters } from './registry.ts';

type Cell = (adapter: ProviderAdapter) => string;

const yesNo =
  (pick: (capabilities: Capabilities) => boolean): Cell =>
  ({ capabilities }) =>
    pick(capabilities) ? 'yes' : 'no';

const inHours = (ms: number): string => (ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`);

/** One row per fact, in the order in which a person asks. */
const rows: readonly (readonly [label: string, cell: Cell])[] = [
  ['Payments and refunds can be read', yesNo((can) => can.readsPayments !== false)],
  ['Partial refunds', yesNo((can) => can.partialRefunds)],
  ['Several refunds of one payment', yesNo((can) => can.severalRefundsPerPayment)],
  ['Refunds of one seller of a split payment', yesNo((can) => can.splitRefunds)],
  ['Refunds by item', yesNo((can) => can.itemRefunds)],
  ['Fiscal receipts', yesNo((can) => can.receipts)],
  ['Speeds', ({ capabilities }) => capabilities.refundSpeeds.join(', ')],
  ['Release of a hold (`cancelPayment`)', yesNo((can) => can.voidAuthorized)],
  ['Closing an unpaid payment (`cancelPayment`)', yesNo((can) => can.cancelUnpaid)],
  ['Calling a refund back at the provider', yesNo((can) => can.cancelRefund)],
  [
    'Refunds of one payment at the same time',
    ({ capabilities }) => (capabilities.concurrentOperationsPerPayment === 'ONE' ? 'one' : 'many'),
  ],
  [
    'Refund window',
    ({ capabilities: { refundWindowDays: days } }) => (days === null ? 'not published' : `${days} days`),
  ],
  ['Life of an idempotency key', ({ capabilities }) => `${capabilities.idempotencyHours} h`],
  [
    'A lost answer is resolved by',
    ({ recovery: { replayForMs, lookUp } }) => {
      const ways = [
        ...(replayForMs > 0 ? [`sending the same bytes again for ${inHours(replayForMs)}`] : []),
        ...(lookUp === 'LIST_AND_MATCH' ? ['listing refunds and matching our reference'] : []),
      ];
      return ways.length === 0 ? 'a person' : ways.join(', then ');
    },
  ],
  ['Refunds listed by payment', yesNo((can) => can.listByPayment)],
  ['Refunds listed by time', yesNo((can) => can.listByTime)],
  ['Refunds per page', ({ capabilities }) => String(capabilities.listPageSize)],
  ['Refunds made elsewhere', ({ capabilities }) => capabilities.externalRefunds.toLowerCase()],
  ['Trace references', ({ capabilities }) => capabilities.traceReferences.join(', ') || 'none'],
  ['Trace references after the final status', yesNo((can) => can.lateTraceReferences)],
  ['Longest wait for one send', ({ sendDeadlineMs }) => `${sendDeadlineMs / 1000} s`],
];

/** What every provider can do, as a Markdown table: the one in docs/providers.md, which a test compares. */
export function renderCapabilities(all: readonly ProviderAdapter[] = allAdapters): string {
  const lines = [
    ['', ...all.map(({ displayName }) => displayName)],
    ['---', ...all.map(() => '---')],
    ...rows.map(([label, cell]) => [label, ...all.map(cell)]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
