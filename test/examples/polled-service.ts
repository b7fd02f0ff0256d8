import { startApp, type App } from '../../src/app.ts';
import type { Database } from '../../src/db/tables.ts';
import { createLog } from '../../src/log.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import type { Api } from '../../examples/polling/ask.ts';
import type { TestDatabase } from '../support/database.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { startFront, type Front } from './front.ts';

/** A service behind a front, whose time is moved by the sleeping of its clients. */
export interface PolledService {
  readonly service: TestService;
  readonly front: Front;
  readonly api: Api;
  /** Moves the time of the service and of the provider. */
  advance(ms: number): Promise<void>;
  /** Of a new payment; under way at the provider until it is settled. The global id. */
  makeRefund(): Promise<string>;
  settle(status: 'succeeded' | 'canceled'): Promise<unknown>;
  /** Does what the service does by itself when it is time: it looks at what is due. */
  lookAtDue(): Promise<unknown>;
  /** Has the provider asked about it, by whoever else uses the API. */
  sync(refund: string): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again, on its database or another. */
  start(database?: TestDatabase<Database>): Promise<void>;
  close(): Promise<void>;
}

export async function startPolledService(name: string): Promise<PolledService> {
  const service = await createTestService(name, {}, { movableClock: true });
  await service.control('mode', { provider: 'yookassa', refunds: 'pending' });
  const front = await startFront(service.app.url);
  let app: App | undefined = service.app;
  let offsetSeconds = 0;
  const graphql = <T>(query: string, variables: Record<string, unknown>) =>
    service.graphql<T>(query, variables, 'demo', app);
  return {
    service,
    front,
    api: { url: front.url, apiKey: 'rf_test_demo' },
    async advance(ms) {
      ({ offsetSeconds } = await service.control<{ offsetSeconds: number }>('clock', {
        advanceSeconds: Math.ceil(ms / 1000),
      }));
      await app?.moveClock(offsetSeconds);
    },
    async makeRefund() {
      const input = refundInput(await service.payment('100.00'), 'remaining');
      const { data } = await graphql<{ createRefund: { refund: { id: string } } }>(createRefundMutation, {
        input,
      });
      return data.createRefund.refund.id;
    },
    settle: (status) => service.control('settle', { provider: 'yookassa', all: true, status }),
    lookAtDue: () => driveDue(app!.world),
    async sync(refund) {
      await graphql(
        'mutation ($input: SyncRefundInput!) { syncRefund(input: $input) { refund { status } } }',
        { input: { refund } },
      );
    },
    async stop() {
      front.leadTo(undefined);
      await app?.close();
      app = undefined;
    },
    async start(database) {
      const config = database === undefined ? service.config : withDatabase(service, database);
      app = await startApp(config, { log: createLog({ level: 'silent' }), movableClock: true });
      await app.moveClock(offsetSeconds);
      front.leadTo(app.url);
    },
    async close() {
      await front.close();
      await app?.close();
      await service.close();
    },
  };
}

const withDatabase = ({ config }: TestService, { connectionString }: TestDatabase<Database>) => ({
  ...config,
  database: { kind: 'url' as const, url: connectionString },
});
