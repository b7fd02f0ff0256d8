import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../db/metrics.ts';
import { attentionReasons } from '../vocabulary.ts';
import { METRIC_PREFIX } from './metrics-registry.ts';

const openStatuses = ['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW'] as const;

/**
 * The gauges of what the database knows, the same from every process. Undefined: it does not answer, and they are
 * gone rather than old.
 */
export function createBacklogGauges(registry: Registry): (backlog: Backlog | undefined) => void {
  const registers = [registry];
  // Every process reads the same: of several, one is shown.
  const aggregator = 'first';
  const answers = new Gauge({
    name: `${METRIC_PREFIX}database_answers`,
    help: '0 when the database did not answer this scrape; then what it knows is missing here.',
    registers,
    aggregator: 'min',
  });
  const paused = new Gauge({
    name: `${METRIC_PREFIX}account_paused`,
    help: '1 while nothing is sent for the account: its credentials are refused, or it is being restored.',
    labelNames: ['account'] as const,
    registers,
    aggregator,
  });
  const legs = new Gauge({
    name: `${METRIC_PREFIX}open_legs`,
    help: 'Legs of refunds that are not final, by status.',
    labelNames: ['account', 'status'] as const,
    registers,
    aggregator,
  });
  const due = new Gauge({
    name: `${METRIC_PREFIX}oldest_due_look_seconds`,
    help: 'How long the oldest look of the account has been due: how far the engine is behind.',
    labelNames: ['account'] as const,
    registers,
    aggregator,
  });
  const swept = new Gauge({
    name: `${METRIC_PREFIX}sweep_behind_seconds`,
    help: 'How old the time is up to which the refunds of the provider were compared with ours; rises while they cannot be.',
    labelNames: ['account'] as const,
    registers,
    aggregator,
  });
  const attention = new Gauge({
    name: `${METRIC_PREFIX}refunds_needing_attention`,
    help: 'Refunds that wait for a person, by reason.',
    labelNames: ['reason'] as const,
    registers,
    aggregator,
  });
  const pending = new Gauge({
    name: `${METRIC_PREFIX}events_pending`,
    help: 'Webhooks that wait to be delivered to the endpoint.',
    labelNames: ['endpoint'] as const,
    registers,
    aggregator,
  });
  const oldest = new Gauge({
    name: `${METRIC_PREFIX}events_oldest_pending_seconds`,
    help: 'How old the oldest message is that waits for the endpoint; 0: none does.',
    labelNames: ['endpoint'] as const,
    registers,
    aggregator,
  });
  const disabled = new Gauge({
    name: `${METRIC_PREFIX}event_endpoint_disabled`,
    help: '1 while nothing is delivered to the endpoint, because it has answered 410.',
    labelNames: ['endpoint'] as const,
    registers,
    aggregator,
  });
  const horizon = new Gauge({
    name: `${METRIC_PREFIX}feed_horizon_age_seconds`,
    help: 'How old the oldest open transaction of the database server is, which holds back the feed of changes and vacuum.',
    registers,
    aggregator,
  });

  return (backlog) => {
    for (const gauge of [paused, legs, due, swept, attention, pending, oldest, disabled]) gauge.reset();
    horizon.remove();
    answers.set(backlog === undefined ? 0 : 1);
    if (backlog === undefined) return;
    for (const { code: account, health, oldestDueSeconds, sweptBehindSeconds } of backlog.accounts) {
      paused.set({ account }, health === 'OK' ? 0 : 1);
      due.set({ account }, oldestDueSeconds);
      if (sweptBehindSeconds !== null) swept.set({ account }, sweptBehindSeconds);
      for (const status of openStatuses) legs.set({ account, status }, 0);
    }
    for (const { account, status, count } of backlog.openLegs) legs.set({ account, status }, count);
    for (const { code: endpoint, ...state } of backlog.endpoints) {
      pending.set({ endpoint }, state.pending);
      oldest.set({ endpoint }, state.oldestPendingSeconds);
      disabled.set({ endpoint }, state.isDisabled ? 1 : 0);
    }
    horizon.set(backlog.horizonAgeSeconds);
    for (const reason of attentionReasons) attention.set({ reason }, 0);
    for (const { reason, count } of backlog.attention) attention.set({ reason }, count);
  };
}
