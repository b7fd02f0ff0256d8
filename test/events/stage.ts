import type { LookupFunction } from 'node:net';
import { sql } from 'kysely';
import { createAlerts } from '../../src/alerts.ts';
import type { EventEndpointConfig } from '../../src/config/types.ts';
import { listDueEndpoints } from '../../src/db/event-deliveries.ts';
import { syncEndpoints } from '../../src/db/event-endpoints.ts';
import { deliverDue, MAX_IN_FLIGHT } from '../../src/events/deliver-due.ts';
import type { Delivering, OpenEndpoint } from '../../src/events/deliver.ts';
import { createPoster } from '../../src/events/post.ts';
import { signingKeys } from '../../src/events/signature.ts';
import type { DeliveriesOptions } from '../../src/events/start-deliveries.ts';
import type { EventMessageId, RefundId } from '../../src/ids.ts';
import type { DeliveryResult } from '../../src/metrics.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { recordLog, type RecordedLog } from '../support/engine.ts';
import { startEventReceiver, type EventReceiver } from '../support/event-receiver.ts';
import { refundCommand, refundsAre, settleAll, valueOf } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** 32 bytes each. */
export const SECRET = `whsec_${Buffer.from('a secret of the tests, 32 bytes.').toString('base64')}`;
export const OTHER_SECRET = `whsec_${Buffer.from('another secret of tests 32 bytes').toString('base64')}`;

export const endpointOf = (url: string, more: Partial<EventEndpointConfig> = {}): EventEndpointConfig => ({
  code: 'books',
  url,
  secrets: [SECRET],
  events: [],
  allowPrivateNetwork: true,
  ...more,
});

export interface Listening {
  readonly demo?: readonly EventEndpointConfig[];
  readonly other?: readonly EventEndpointConfig[];
  readonly operator?: readonly EventEndpointConfig[];
}

/** A world with a receiver, whose deliveries are made when a test says so. */
export interface Stage {
  readonly t: TestWorld;
  readonly receiver: EventReceiver;
  readonly recorded: RecordedLog;
  /** Results of attempts, in their order. */
  readonly results: DeliveryResult[];
  /** Configures these endpoints and no others; the result is what a process that starts now has. */
  listen(endpoints: Listening, lookup?: LookupFunction): Promise<DeliveriesOptions>;
  /** Delivers what is due to the endpoints that listen, and what becomes due by that, until nothing is. */
  deliver(): Promise<void>;
  /** A refund of a payment of its own that has the version 1 only, or more. */
  refund(value?: string): Promise<RefundId>;
  /** Gives a refund so many more versions. */
  change(refundId: RefundId, times?: number): Promise<void>;
  /** Forgets all messages, deliveries and endpoints, and lets the receiver forget and accept everything. */
  clear(): Promise<void>;
  /** One that is pending at its provider. */
  pendingRefund(): Promise<RefundId>;
  /** Ends every pending refund at the provider and looks at this one. */
  settle(refundId: RefundId): Promise<void>;
  deliveries(): Promise<readonly Delivery[]>;
  close(): Promise<void>;
}

export interface Delivery {
  readonly code: string;
  readonly messageId: EventMessageId;
  readonly subject: RefundId | null;
  readonly version: number | null;
  readonly type: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** Seconds from now; of what waits. */
  readonly waits: number;
}

export async function openStage(name: string): Promise<Stage> {
  const recorded = recordLog();
  const t = await createTestWorld(name, recorded.log);
  const receiver = await startEventReceiver();
  const { db } = t.database;
  const results: DeliveryResult[] = [];
  let open: OpenEndpoint[] = [];
  const told = new Set<string>();
  const delivering: Delivering = {
    db,
    log: recorded.log,
    alerts: createAlerts(recorded.log),
    metrics: { ...t.world.metrics, eventTried: (_endpoint, result) => results.push(result) },
    wasToldLately: (code) => told.has(code) || !told.add(code),
  };

  const listen: Stage['listen'] = async ({ demo = [], other = [], operator = [] }, lookup) => {
    const rows = await db.selectFrom('merchants').select(['id', 'code']).execute();
    const { ids } = await syncEndpoints(
      db,
      {
        merchants: [
          { code: 'demo', name: 'demo', keys: [], accounts: [], eventEndpoints: demo },
          { code: 'other', name: 'other', keys: [], accounts: [], eventEndpoints: other },
        ],
        operatorEndpoints: operator,
      },
      new Map(rows.map((row) => [row.code, row.id])),
    );
    await Promise.all(open.map(({ poster }) => poster.close()));
    const endpoints = [...demo, ...other, ...operator];
    open = endpoints.map((endpoint) => ({
      id: ids.get(endpoint.code)!,
      code: endpoint.code,
      url: endpoint.url,
      keys: signingKeys(endpoint.secrets),
      poster: createPoster({
        url: endpoint.url,
        allowPrivateNetwork: endpoint.allowPrivateNetwork,
        maxInFlight: MAX_IN_FLIGHT,
        deadlineMs: 500,
        ...(lookup && { lookup }),
      }),
    }));
    return { ...delivering, endpoints, ids, ...(lookup && { lookup }) };
  };

  return {
    t,
    receiver,
    recorded,
    results,
    listen,
    async deliver() {
      for (let begun = 1; begun > 0;) {
        begun = 0;
        for (const due of await listDueEndpoints(db, open)) {
          const endpoint = open.find(({ id }) => id === due.id)!;
          const attempts = await deliverDue(delivering, endpoint, due, MAX_IN_FLIGHT);
          await Promise.all(attempts);
          begun += attempts.length;
        }
      }
    },
    async refund(value = '100.00') {
      const payment = await t.payment(value);
      return valueOf(await createRefund(t.world, t.caller(), refundCommand(payment, 'remaining'))).refundId;
    },
    async change(refundId, times = 1) {
      for (let count = 0; count < times; count += 1)
        await sql`UPDATE refunds SET version = version + 1, updated_at = app_now() WHERE id = ${refundId}`.execute(
          db,
        );
    },
    async clear() {
      await sql`TRUNCATE event_deliveries, event_messages, event_endpoints`.execute(db);
      receiver.answer = () => 204;
      for (const list of [receiver.received, receiver.accepted, results]) list.length = 0;
      recorded.clear();
      told.clear();
    },
    async pendingRefund() {
      await refundsAre(t, 'pending');
      const payment = await t.payment('100.00');
      const made = await createRefund(t.world, t.caller(), refundCommand(payment, 'remaining'));
      await refundsAre(t, 'instant');
      return valueOf(made).refundId;
    },
    async settle(refundId) {
      await settleAll(t, 'succeeded');
      valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
    },
    async deliveries() {
      const { rows } = await sql<Delivery>`
        SELECT e.code, d.message_id AS "messageId", d.subject, m.version, m.type, d.status, d.attempts,
          d.last_status AS "lastStatus", d.last_error AS "lastError",
          extract(epoch FROM d.next_attempt_at - app_now())::float8 AS waits
        FROM event_deliveries d JOIN event_messages m ON m.id = d.message_id
        JOIN event_endpoints e ON e.id = d.endpoint_id ORDER BY e.code, d.seq`.execute(db);
      return rows;
    },
    async close() {
      await Promise.all(open.map(({ poster }) => poster.close()));
      await receiver.close();
      await t.close();
    },
  };
}
