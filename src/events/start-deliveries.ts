import type { LookupFunction } from 'node:net';
import type { EventEndpointConfig } from '../config/types.ts';
import { listDueEndpoints } from '../db/event-deliveries.ts';
import { forgetEvents } from '../db/forget-events.ts';
import type { EventEndpointId } from '../ids.ts';
import { deliverDue, MAX_IN_FLIGHT } from './deliver-due.ts';
import type { Delivering, OpenEndpoint } from './deliver.ts';
import { createPoster } from './post.ts';
import { signingKeys } from './signature.ts';

/** The running deliveries of a process. */
export interface Deliveries {
  /** Begins nothing new from now on; resolves when what was begun has ended and every connection is closed. */
  stop(): Promise<void>;
}

export interface DeliveriesOptions extends Omit<Delivering, 'wasToldLately'> {
  readonly endpoints: readonly EventEndpointConfig[];
  /** Of the database, by code. */
  readonly ids: ReadonlyMap<string, EventEndpointId>;
  /** Absent: the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** While nothing is due, this long between two questions what is, in milliseconds, give or take a fifth. */
const IDLE_GAP_MS = 1_000;
/** How long somebody who was told of a failed delivery of an endpoint is not told of the next, in milliseconds. */
const TELL_AGAIN_AFTER_MS = 3_600_000;
/** Between two times that old rows are forgotten, in milliseconds, and how many at once. */
const FORGET_GAP_MS = 600_000;
const FORGET_AT_ONCE = 500;

/**
 * Delivers what is due to these endpoints, for ever, beside any number of processes that do the same. No connection to
 * the database is held during a call. Survives the database.
 */
export function startDeliveries(options: DeliveriesOptions): Deliveries {
  const { db, log } = options;
  const endpoints = options.endpoints.map((endpoint) => openEndpoint(endpoint, options));
  const delivering: Delivering = { ...options, wasToldLately: createMemory() };
  const running = new Map<EventEndpointId, Set<Promise<void>>>(endpoints.map(({ id }) => [id, new Set()]));
  let forgetAt = performance.now() + FORGET_GAP_MS * Math.random();
  let stopped = false;
  let isAwake = false;
  let wasLost = false;
  let wake = (): void => undefined;

  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, IDLE_GAP_MS * (0.8 + Math.random() * 0.4));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  function watch(endpoint: OpenEndpoint, attempt: Promise<void>): void {
    const all = running.get(endpoint.id)!;
    const ended = attempt
      .catch((error: unknown) =>
        log.error({ err: error, endpoint: endpoint.code }, 'a delivery was not ended'),
      )
      .finally(() => {
        all.delete(ended);
        // The next about the same refund is due now.
        isAwake = true;
        wake();
      });
    all.add(ended);
  }

  async function round(): Promise<void> {
    try {
      const free = endpoints.filter(({ id }) => running.get(id)!.size < MAX_IN_FLIGHT);
      const due = await listDueEndpoints(db, free);
      if (wasLost) log.info('webhooks are delivered again');
      wasLost = false;
      for (const endpoint of free) {
        const found = due.find(({ id }) => id === endpoint.id);
        if (found === undefined || stopped) continue;
        const room = MAX_IN_FLIGHT - running.get(endpoint.id)!.size;
        for (const attempt of await deliverDue(delivering, endpoint, found, room)) watch(endpoint, attempt);
      }
      if (performance.now() >= forgetAt)
        forgetAt =
          performance.now() + ((await forgetEvents(db, FORGET_AT_ONCE)) ? IDLE_GAP_MS : FORGET_GAP_MS);
    } catch (error) {
      if (!wasLost) log.error({ err: error }, 'it cannot be asked which webhooks are due; it goes on trying');
      wasLost = true;
    }
  }

  const loop = (async () => {
    while (!stopped) {
      isAwake = false;
      await round();
      if (!stopped && !isAwake) await pause();
    }
    await Promise.all([...running.values()].flatMap((all) => [...all]));
    await Promise.all(endpoints.map(({ poster }) => poster.close()));
  })();

  return {
    stop() {
      stopped = true;
      wake();
      return loop;
    },
  };
}

function openEndpoint(endpoint: EventEndpointConfig, { ids, lookup }: DeliveriesOptions): OpenEndpoint {
  const { code, url, secrets, allowPrivateNetwork } = endpoint;
  const poster = createPoster({
    url,
    allowPrivateNetwork,
    maxInFlight: MAX_IN_FLIGHT,
    ...(lookup && { lookup }),
  });
  return { id: ids.get(code)!, code, url, keys: signingKeys(secrets), poster };
}

/** Remembers, for an hour, whom it was asked about; bounded by the configuration. */
function createMemory(): (endpoint: string) => boolean {
  const told = new Map<string, number>();
  return (endpoint) => {
    const now = performance.now();
    const last = told.get(endpoint);
    if (last !== undefined && now - last < TELL_AGAIN_AFTER_MS) return true;
    told.set(endpoint, now);
    return false;
  };
}
