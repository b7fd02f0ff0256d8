import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { AlertCode, RaisedAlert } from '../alerts.ts';
import type { Clock } from '../clock.ts';
import { insertOperatorMessage } from '../db/event-messages.ts';
import type { Database } from '../db/tables.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { createAlertGate, type AlertMessage } from './alert-gate.ts';

/** Alerts on their way to the endpoints of the operator. */
export interface AlertMessages {
  /** Takes an alert; never waits and never throws. May be called inside a transaction, which it is no part of. */
  tell(alert: RaisedAlert): void;
  /** Takes nothing more, and writes what waits as long as the grace lasts. What is left is counted in the log. */
  close(graceMs: number): Promise<void>;
}

export interface AlertMessagesOptions {
  readonly db: Kysely<Database>;
  readonly log: Logger;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Codes of the operator's own endpoints. */
  readonly operatorEndpoints: ReadonlySet<string>;
}

/** So many wait while the database is away; the log has the others. */
const WAITING_AT_MOST = 1_000;
/** The first gap between two tries of an insert, and the longest, in milliseconds; it doubles. */
const FIRST_GAP_MS = 500;
const LONGEST_GAP_MS = 30_000;

/** Alerts about the delivery itself. Of the operator's own endpoints they are not sent: each would be the next one. */
const aboutDelivery: ReadonlySet<AlertCode> = new Set<AlertCode>([
  'EVENT_DELIVERY_FAILED',
  'EVENT_ENDPOINT_GONE',
  'EVENTS_LAG',
]);

/**
 * Writes alerts as messages for the endpoints of the operator, one insert at a time, again and again until the database
 * takes it. Where nobody listens nothing is written.
 */
export function createAlertMessages(options: AlertMessagesOptions): AlertMessages {
  const { db, log, clock, operatorEndpoints } = options;
  const gate = createAlertGate();
  const waiting: AlertMessage[] = [];
  let dropped = 0;
  let closing = false;
  let gaveUp = false;
  let gapMs = FIRST_GAP_MS;
  let wake: (() => void) | undefined;

  // Of its own, so that it is in nobody's transaction, whoever raises the alert.
  const running = run();

  async function run(): Promise<void> {
    while (!gaveUp) {
      push(gate.leftOut(closing ? Infinity : clock.monotonicMs()));
      const next = waiting[0];
      if (next !== undefined) await write(next);
      else if (closing) return;
      else await pause(msUntilLeftOut());
    }
  }

  async function write(alert: AlertMessage): Promise<void> {
    try {
      await insertOperatorMessage(db, { type: 'alert.raised', data: alert });
      waiting.shift();
      gapMs = FIRST_GAP_MS;
      tellDropped();
    } catch (error) {
      if (isDatabaseUnavailable(error)) {
        if (gapMs === FIRST_GAP_MS) log.warn({ err: error }, 'alerts wait for the database');
        await pause(gapMs);
        gapMs = Math.min(gapMs * 2, LONGEST_GAP_MS);
        return;
      }
      // It would be refused for ever, and all others behind it.
      waiting.shift();
      log.error({ err: error, code: alert.code }, 'an alert could not be written for the operator');
    }
  }

  function push(alerts: readonly AlertMessage[]): void {
    for (const alert of alerts) {
      if (waiting.length < WAITING_AT_MOST) waiting.push(alert);
      else dropped += 1;
    }
  }

  function tellDropped(): void {
    if (dropped > 0)
      log.error({ dropped }, 'too many alerts waited; these were not written for the operator');
    dropped = 0;
  }

  function msUntilLeftOut(): number | undefined {
    const atMs = gate.nextLeftOutAtMs();
    return atMs === undefined ? undefined : Math.max(0, atMs - clock.monotonicMs());
  }

  /** Until it is woken up, or so long. */
  function pause(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    tell(alert) {
      const { endpoint } = alert.details;
      if (closing) return;
      if (aboutDelivery.has(alert.code) && operatorEndpoints.has(String(endpoint))) return;
      const message = gate.admit(alert, clock.monotonicMs());
      if (message === undefined) return;
      push([message]);
      // A gap that the database asked for is not cut short.
      if (waiting.length === 1) wake?.();
    },
    async close(graceMs) {
      closing = true;
      wake?.();
      let timer: NodeJS.Timeout | undefined;
      const graceIsOver = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([running, graceIsOver]);
      clearTimeout(timer);
      gaveUp = true;
      wake?.();
      const lost = waiting.length + dropped;
      if (lost > 0) log.error({ lost }, 'alerts could not be written for the operator');
    },
  };
}
