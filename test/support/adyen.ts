import { PassThrough } from 'node:stream';
import { scopes } from '../../src/context.ts';
import { makeClockMovable } from '../../src/db/installation.ts';
import type { RefundId } from '../../src/ids.ts';
import { createLog } from '../../src/log.ts';
import type { LoadedLibrary } from '../../src/providers/prism/library.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { Caller } from '../../src/refunds/world.ts';
import { buildAdyenDelivery, type AdyenItem } from '../../src/testing/adyen-delivery.ts';
import { adyenKeys, prismCommand, providersWith, toldAccounts } from './prism.ts';
import { expectSound, refundRows, valueOf } from './rules.ts';
import { createTestService, type TestService } from './service.ts';
import { send, webhookUrl, workOnMessages } from './webhooks.ts';
import { testMerchants, type LedgerPayment, type TestWorld } from './world.ts';

export const ADYEN = 'adyen-demo';

/** A service whose two merchants have an account at Adyen each, with keys of their own. */
export interface ToldService extends TestService {
  /** Codes of the alerts so far. */
  alerts(): string[];
  /** A new captured payment of 150.00 EUR. */
  paid(more?: Record<string, unknown>): Promise<string>;
  refund(paymentId: string, minor?: bigint, more?: Partial<CreateRefundCommand>): Promise<RefundId>;
  readonly caller: Caller;
  refundsOf(paymentId: string): ReturnType<typeof refundRows>;
  /** The refunds of a payment in the books of Adyen, oldest first. */
  booksOf(paymentId: string): Promise<LedgerPayment['refunds']>;
  /** Sends items, signed with the key of demo, to the account of demo, unless others are named. */
  tell(items: readonly Partial<AdyenItem>[], to?: { account?: string; hmacKey?: string }): Promise<Response>;
  /** Works on everything that is stored. */
  work(): Promise<void>;
  settle(status: string, more?: Record<string, unknown>): Promise<unknown>;
  advance(seconds: number): Promise<void>;
  sound(paymentId: string, more?: Parameters<typeof expectSound>[2]): Promise<void>;
}

export async function createToldService(name: string, loaded: LoadedLibrary): Promise<ToldService> {
  const lines: string[] = [];
  const destination = new PassThrough();
  destination.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)));
  const t = await createTestService(
    name,
    (sandbox) => ({
      merchants: testMerchants(sandbox).map((merchant) => ({
        ...merchant,
        accounts: [...merchant.accounts, ...toldAccounts(sandbox, merchant.code as 'demo' | 'other')],
      })),
    }),
    {
      movableClock: true,
      providers: await providersWith(loaded),
      log: createLog({ level: 'trace', destination }),
    },
  );
  await makeClockMovable(t.database.db);
  const { world } = t.app;
  const caller = await callerOf(t);
  const rules = t as unknown as TestWorld;
  const ledgerOf = async (reference: string): Promise<LedgerPayment> => {
    const path = `ledger?provider=prism&reference=${reference}`;
    return (await t.control<{ payments: LedgerPayment[] }>(path)).payments[0]!;
  };
  let seconds = 0;
  return {
    ...t,
    caller,
    logged: () => lines.join('\n'),
    alerts: () =>
      lines.flatMap((line) => {
        const { alert } = JSON.parse(line) as { alert?: string };
        return alert ?? [];
      }),
    paid: (more = {}) =>
      t.payment('150.00', {
        provider: 'prism',
        connector: 'adyen',
        amount: { value: '150.00', currency: 'EUR' },
        ...more,
      }),
    refund: async (paymentId, minor, more) =>
      valueOf(await createRefund(world, caller, prismCommand(ADYEN, paymentId, minor, more))).refundId,
    refundsOf: (paymentId) => refundRows(rules, paymentId),
    booksOf: async (paymentId) => (await ledgerOf(paymentId)).refunds,
    tell: (items, { account = ADYEN, hmacKey = adyenKeys.demo } = {}) =>
      send(
        webhookUrl(t, account),
        buildAdyenDelivery({
          hmacKey,
          items: items.map((item) => ({
            merchantAccount: 'SimDemoECOM',
            refundId: 'PSPREFUND0000001',
            paymentId: 'PSPPAYMENT000001',
            ...item,
          })),
        }),
      ),
    work: () => workOnMessages(world),
    settle: (status, more = { all: true }) => t.control('settle', { provider: 'prism', status, ...more }),
    async advance(by) {
      seconds += by;
      await t.app.moveClock(seconds);
      await t.control('clock', { advanceSeconds: by });
    },
    sound: (paymentId, more) => expectSound({ database: t.database, ledgerOf }, paymentId, more),
  };
}

/** Merchant `demo`. */
async function callerOf({ app, database }: TestService): Promise<Caller> {
  const { merchantId } = app.world.connections.all().find(({ accountCode }) => accountCode === ADYEN)!;
  const { id: keyId } = await database.db
    .selectFrom('api_keys')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .executeTakeFirstOrThrow();
  const viewer = { merchantId, merchantCode: 'demo', keyId, keyName: 'test', scopes: new Set(scopes) };
  return { viewer, requestId: 'test-request' };
}
