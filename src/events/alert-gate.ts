import type { RaisedAlert } from '../alerts.ts';

/** An alert as the operator's endpoints are sent it. */
export interface AlertMessage extends RaisedAlert {
  /** How often the same was raised and not sent since the last message about it. */
  readonly repeated: number;
}

/** Decides which alerts become messages. The log and the metrics have every one. */
export interface AlertGate {
  /** What is to be sent of an alert that is raised now; undefined: nothing. */
  admit(alert: RaisedAlert, nowMs: number): AlertMessage | undefined;
  /** What was left out of hours that are over, one message for each code. */
  leftOut(nowMs: number): AlertMessage[];
  /** When `leftOut` has something next; undefined: nothing was left out. */
  nextLeftOutAtMs(): number | undefined;
}

const minuteMs = 60_000;

/** The same alert is one message in so long a time. */
const SAME_MS = 10 * minuteMs;
/** So many messages of one code in an hour that begins with the first of them. */
const MESSAGES_PER_CODE = 60;
const HOUR_MS = 60 * minuteMs;
/** So many alerts are remembered; the oldest is forgotten, and may be sent again too early then. */
const REMEMBERED_AT_MOST = 1_000;

interface Hour {
  readonly endsAtMs: number;
  sent: number;
  leftOut: number;
}

/** Times are those of a clock that never jumps, in milliseconds. Its memory is bounded. */
export function createAlertGate(): AlertGate {
  /** In the order in which they were sent. */
  const sent = new Map<string, { readonly untilMs: number; repeated: number }>();
  const hours = new Map<RaisedAlert['code'], Hour>();

  return {
    admit(alert, nowMs) {
      const key = JSON.stringify([alert.code, Object.entries(alert.details).toSorted(byName)]);
      const same = sent.get(key);
      if (same !== undefined && nowMs < same.untilMs) {
        same.repeated += 1;
        return undefined;
      }
      const hour = hourOf(alert.code, nowMs);
      if (hour.sent >= MESSAGES_PER_CODE) {
        hour.leftOut += 1;
        return undefined;
      }
      hour.sent += 1;
      sent.delete(key);
      sent.set(key, { untilMs: nowMs + SAME_MS, repeated: 0 });
      if (sent.size > REMEMBERED_AT_MOST) sent.delete(sent.keys().next().value!);
      return { ...alert, repeated: same?.repeated ?? 0 };
    },
    leftOut(nowMs) {
      const over = [...hours].filter(([, hour]) => hour.leftOut > 0 && hour.endsAtMs <= nowMs);
      for (const [code] of over) hours.delete(code);
      return over.map(([code, { leftOut }]) => ({
        code,
        message: `${leftOut} more alerts of this code were raised within an hour and not sent; the log has them.`,
        details: { leftOut },
        repeated: 0,
      }));
    },
    nextLeftOutAtMs() {
      const ends = [...hours.values()].filter((hour) => hour.leftOut > 0).map((hour) => hour.endsAtMs);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
  };

  function hourOf(code: RaisedAlert['code'], nowMs: number): Hour {
    const current = hours.get(code);
    // One with something left out stays until that was told.
    if (current !== undefined && (nowMs < current.endsAtMs || current.leftOut > 0)) return current;
    const next = { endsAtMs: nowMs + HOUR_MS, sent: 0, leftOut: 0 };
    hours.set(code, next);
    return next;
  }
}

const byName = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;
