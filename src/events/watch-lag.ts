import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Alerts } from '../alerts.ts';
import { listEndpointLags, readFeedHorizon, type EndpointLag, type FeedHorizon } from '../db/event-lag.ts';
import { noteStanding } from '../db/standing-alerts.ts';
import type { Database } from '../db/tables.ts';

export interface LagWatchOptions {
  readonly db: Kysely<Database>;
  readonly log: Logger;
  readonly alerts: Alerts;
}

/** From when on somebody is called, and below what it is over, in seconds: apart, so that it ends once. */
const LAG_SECONDS = { begins: 300, ends: 240 } as const;

/** Between two looks, in milliseconds. */
const LOOK_EVERY_MS = 30_000;

/** The subject of what no endpoint is behind. */
const TRANSACTION = 'transaction';

/** How far events are behind. */
export interface EventLag {
  readonly endpoints: readonly EndpointLag[];
  readonly horizon: FeedHorizon | undefined;
}

/** Two short statements. */
export const readLag = async (db: Kysely<Database>): Promise<EventLag> => ({
  endpoints: await listEndpointLags(db),
  horizon: await readFeedHorizon(db),
});

/**
 * Calls somebody once when events begin to wait for too long, and again only after that has ended: at an endpoint that
 * takes what it is sent, which says that nobody delivers, or behind a transaction that stays open. Of many processes
 * one calls.
 */
export async function noteLag(
  { db, alerts }: Pick<LagWatchOptions, 'db' | 'alerts'>,
  { endpoints: lags, horizon }: EventLag,
): Promise<void> {
  const endpoints = lags.map((lag) => ({ ...lag, subject: `endpoint ${lag.code}` }));
  const heldSeconds = horizon?.ageSeconds ?? 0;

  // An endpoint that fails is told of by its failures; it does not begin to lag, and goes on if it did.
  const late = endpoints.filter(
    ({ overdueSeconds, isFailing }) => !isFailing && overdueSeconds >= LAG_SECONDS.begins,
  );
  const begun = await noteStanding(db, 'EVENTS_LAG', {
    begins: [
      ...late.map(({ subject }) => subject),
      ...(heldSeconds >= LAG_SECONDS.begins ? [TRANSACTION] : []),
    ],
    lasts: [
      ...endpoints
        .filter(({ overdueSeconds }) => overdueSeconds >= LAG_SECONDS.ends)
        .map(({ subject }) => subject),
      ...(heldSeconds >= LAG_SECONDS.ends ? [TRANSACTION] : []),
    ],
  });
  for (const { code, subject, overdueSeconds } of late)
    if (begun.includes(subject))
      alerts.raise(
        'EVENTS_LAG',
        { endpoint: code, overdueSeconds: Math.round(overdueSeconds) },
        NOT_DELIVERED,
      );
  if (horizon !== undefined && begun.includes(TRANSACTION)) {
    const { pid, database } = horizon;
    alerts.raise('EVENTS_LAG', { pid, database, ageSeconds: Math.round(heldSeconds) }, HELD_BACK);
  }
}

const NOT_DELIVERED = 'Events wait for longer than five minutes at an endpoint that takes them.';
const HELD_BACK = 'A transaction that is older than five minutes holds back the feed of changes.';

/** Runs until it is stopped. */
export interface LagWatch {
  stop(): Promise<void>;
}

/** Looks at once and then about every half minute. Survives the database, whose absence others tell of. */
export function startLagWatch(options: LagWatchOptions): LagWatch {
  let stopped = false;
  let wasLost = false;
  let wake: (() => void) | undefined;
  const running = (async () => {
    while (!stopped) {
      try {
        await noteLag(options, await readLag(options.db));
        wasLost = false;
      } catch (error) {
        if (!wasLost) options.log.warn({ err: error }, 'whether events lag cannot be found out just now');
        wasLost = true;
      }
      if (!stopped)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_EVERY_MS).unref();
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
    }
  })();
  return {
    stop() {
      stopped = true;
      wake?.();
      return running;
    },
  };
}
