import type { Kysely } from 'kysely';
import { createAlerts, type Alerts } from '../alerts.ts';
import type { Cause, Kernel, Viewer } from '../context.ts';
import { listPausedAccounts } from '../db/account-health.ts';
import type { Database } from '../db/tables.ts';
import { noMetrics, type Metrics } from '../metrics.ts';
import type { Connections } from '../providers/connections.ts';
import type { AccountId, PaymentId } from '../ids.ts';
import type { Background } from './background.ts';
import { createLookDesk, type LookDesk } from './looks/look-desk.ts';
import type { RestoringPass } from './restoring.ts';
import type { SeenByCall } from './looks/see-as-call.ts';
import { createChanges, type Changes } from './changes.ts';

/** Everything a use case needs from outside, handed in. */
export interface World extends Kernel {
  readonly db: Kysely<Database>;
  readonly alerts: Alerts;
  readonly metrics: Metrics;
  readonly connections: Connections;
  readonly background: Background;
  readonly changes: Changes;
  /** Payments whose legs this process is sending right now, one after the other. */
  readonly lines: Map<PaymentId, SendingLine>;
  /** Accounts for which nothing may be sent, by the table `accounts`, which is the shared truth; see account-health.ts. */
  readonly pausedAccounts: Set<AccountId>;
  /** How far this process has read what waits after a restore. */
  readonly restoring: Map<AccountId, RestoringPass>;
  /** What operations want looked at, and wait for; see look-together.ts. */
  readonly looks: { readonly legs: LookDesk; readonly payments: LookDesk };
  /** Reads of payments that queries wait for together, by account and the provider's id. */
  readonly readings: Map<string, Promise<SeenByCall>>;
  /** Payments that a provider did not know a moment ago, until when (Unix ms) that is believed. */
  readonly missedPayments: Map<string, number>;
}

export interface SendingLine {
  readonly promise: Promise<void>;
  /** Set when new work came while the line was running. */
  again: boolean;
}

/** Adds to the outside things the memory that belongs to one process; paused accounts come from the database. */
export async function createWorld(
  outside: Pick<World, 'db' | 'clock' | 'log' | 'connections' | 'background'> &
    Partial<Pick<World, 'alerts' | 'metrics'>>,
): Promise<World> {
  return {
    ...outside,
    alerts: outside.alerts ?? createAlerts(outside.log),
    metrics: outside.metrics ?? noMetrics,
    changes: createChanges(),
    lines: new Map(),
    restoring: new Map(),
    pausedAccounts: new Set(await listPausedAccounts(outside.db)),
    looks: { legs: createLookDesk(), payments: createLookDesk() },
    readings: new Map(),
    missedPayments: new Map(),
  };
}

/** A caller of a use case, and the request behind the call. */
export interface Caller {
  readonly viewer: Viewer;
  readonly requestId: string;
}

export const causeOf = (caller: Caller): Cause => ({
  actor: `key:${caller.viewer.keyName}`,
  keyId: caller.viewer.keyId,
  requestId: caller.requestId,
});
