import type { EndpointState } from '../db/event-endpoints.ts';
import type { DeliveryState } from '../db/event-messages.ts';
import { encodeGlobalId } from '../ids.ts';

/** Deliveries, one a line. */
export const deliveriesTable = (deliveries: readonly DeliveryState[]): string =>
  table(
    ['written', 'message', 'endpoint', 'type', 'refund', 'status', 'attempts', 'last answer', 'next attempt'],
    deliveries.map((each) => [
      shown(each.at),
      `msg_${each.messageId}`,
      each.endpoint,
      each.type,
      each.refundId === null ? '-' : `${encodeGlobalId('Refund', each.refundId)} version ${each.version}`,
      each.status,
      String(each.attempts),
      [each.lastStatus, each.lastError].filter((part) => part !== null).join(' ') || '-',
      shown(each.nextAttemptAt),
    ]),
  );

/** Endpoints that are, or were, configured, one a line. */
export const endpointsTable = (endpoints: readonly EndpointState[]): string =>
  table(
    ['endpoint', 'of', 'state', 'waiting', 'oldest', 'events', 'url'],
    endpoints.map((each) => [
      each.code,
      each.merchant ?? 'the operator',
      stateOf(each),
      String(each.pending),
      shown(each.oldestPendingAt),
      each.events.join(',') || 'all',
      each.url,
    ]),
  );

function stateOf({ configured, disabledBecause, failures, pausedUntil }: EndpointState): string {
  if (!configured) return 'not configured';
  if (disabledBecause !== null) return `disabled (${disabledBecause})`;
  if (failures === 0) return 'ok';
  const pause = pausedUntil === null ? '' : `, tried again ${shown(pausedUntil)}`;
  return `${failures} ${failures === 1 ? 'failure' : 'failures'} in a row${pause}`;
}

const shown = (instant: Date | null): string => instant?.toISOString() ?? '-';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
