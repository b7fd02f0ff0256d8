import path from 'node:path';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { createTestService, type TestService } from '../support/service.ts';
import { testMerchants, type LedgerPayment } from '../support/world.ts';
import { toyProvider } from './toy/index.ts';
import { startToyBank, TOKEN, type ToyBank } from './toy-bank.ts';
import { providers as withToy } from './toy-providers.ts';

export interface ToyService extends TestService {
  readonly bank: ToyBank;
  /** So many seconds later, after a round of the engine. */
  later(seconds: number): Promise<void>;
}

/** The whole service with one provider that is in no list of `src`; its control API is that of the toy. */
export async function createToyService(name: string): Promise<ToyService> {
  const bank = await startToyBank();
  const ofBank = (code: string, identity: string) => ({
    code,
    provider: toyProvider.code,
    displayName: 'Toy',
    baseUrl: bank.url,
    options: {},
    credentials: { bank: identity, token: TOKEN },
    identity,
    maxInFlight: 8,
    requestsPerSecond: 10_000,
    minLookIntervalMs: 0,
  });
  const own = [ofBank('toy-demo', '0001'), ofBank('toy-other', '0002')];
  const service = await createTestService(
    name,
    (sandbox) => ({
      merchants: testMerchants(sandbox).map(({ accounts, ...merchant }) =>
        merchant.code === 'demo'
          ? { ...merchant, accounts: [...accounts, ...own] }
          : { ...merchant, accounts },
      ),
    }),
    { providers: withToy, movableClock: true },
  );
  const control: ToyService['control'] = async <T>(path: string, body?: unknown, method?: string) =>
    // As it comes out of JSON.
    (await bank.control(path, body, method)) as T;
  return {
    ...service,
    killable: { providersModule: path.join(import.meta.dirname, 'toy-providers.ts') },
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
