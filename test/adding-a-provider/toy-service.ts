import { createHash } from 'node:crypto';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { createTestService, type TestService } from '../support/service.ts';
import type { LedgerPayment } from '../support/world.ts';
import { toyProvider } from './toy/index.ts';
import { startToyBank, TOKEN, type ToyBank } from './toy-bank.ts';

export interface ToyService extends TestService {
  readonly bank: ToyBank;
  /** So many seconds later, after a round of the engine. */
  later(seconds: number): Promise<void>;
}

/** The whole service with one provider that is in no list of `src`; its control API is that of the toy. */
export async function createToyService(name: string): Promise<ToyService> {
  const bank = await startToyBank();
  const account = {
    code: 'toy-demo',
    provider: toyProvider.code,
    displayName: 'Toy',
    baseUrl: bank.url,
    options: {},
    credentials: { bank: '0001', token: TOKEN },
    identity: '0001',
    maxInFlight: 8,
    requestsPerSecond: 10_000,
    minLookIntervalMs: 0,
  };
  const merchants = ['demo', 'other'].map((code) => ({
    code,
    name: code,
    keys: [
      {
        name: 'test',
        sha256: createHash('sha256').update(`rf_test_${code}`).digest('hex'),
        scopes: ['read', 'write'] as const,
      },
    ],
    accounts: code === 'demo' ? [account] : [],
  }));
  const options = { providers: [toyProvider], movableClock: true };
  const service = await createTestService(name, { merchants }, options);
  const control: ToyService['control'] = async <T>(path: string, body?: unknown, method?: string) =>
    // As it comes out of JSON.
    (await bank.control(path, body, method)) as T;
  return {
    ...service,
    bank,
    control,
    async payment(value, more = {}) {
      const amount = { value, currency: 'EUR' };
      return (await control<{ reference: string }>('payments', { amount, ...more })).reference;
    },
    async ledgerOf(reference) {
      const { payments } = await control<{ payments: LedgerPayment[] }>(`ledger?reference=${reference}`);
      return payments[0]!;
    },
    async later(seconds) {
      const { offsetSeconds } = await control<{ offsetSeconds: number }>('clock', {
        advanceSeconds: seconds,
      });
      await service.app.moveClock(offsetSeconds);
      await driveDue(service.app.world);
    },
    async close() {
      await service.close();
      await bank.close();
    },
  };
}
