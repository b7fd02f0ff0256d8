import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { armFault, refundCommand } from './rules.ts';
import type { TestWorld } from './world.ts';

/** What the tests of the rules at Yandex Pay share, in roubles. */
const provider = 'yandex-pay';
export const ACCOUNT = 'yandex-pay-demo';
/** Also the key, in the sandbox. */
export const MERCHANT_ID = '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10';
export const UZBEK_ACCOUNT = 'yandex-pay-uz';

/** A new paid order; without `items` it has one line of one unit. Returns its id. */
export const yandexOrder = (
  t: TestWorld,
  value: string,
  more: Record<string, unknown> = {},
): Promise<string> => t.payment(value, { provider, ...more });

/** A line of a cart for the control API, its price in roubles. */
export const cartLine = (id: string, quantity: string, unitPrice: string) => ({
  id,
  title: id,
  quantity,
  unitPrice: { value: unitPrice, currency: 'RUB' },
});

export const yandexCommand = (
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
): CreateRefundCommand =>
  refundCommand(paymentId, minor, { payment: { account: ACCOUNT, paymentId }, ...more });

/** Arms a fault of createRefund, unless `more` names another operation. */
export const armYandex = (t: TestWorld, kind: string, more: Record<string, unknown> = {}): Promise<unknown> =>
  armFault(t, kind, { provider, ...more });

export const yandexMode = (t: TestWorld, mode: Record<string, unknown>): Promise<unknown> =>
  t.control('mode', { provider, ...mode });

export const settleYandex = (
  t: TestWorld,
  status: 'succeeded' | 'failed',
  more: Record<string, unknown> = { all: true },
): Promise<unknown> => t.control('settle', { provider, status, ...more });

export const yandexConsoleRefund = (t: TestWorld, reference: string, value: string): Promise<unknown> =>
  t.control('console-refund', { provider, reference, amount: { value, currency: 'RUB' } });

/** The simulator behaves as documented again. */
export const resetYandex = (t: TestWorld): Promise<unknown> =>
  yandexMode(t, {
    refunds: 'instant',
    holdOperations: 'instant',
    amountShrinks: 'success',
    priceCut: 'rewritten',
    failedRefund: 'keep',
    rollbackOperation: 'visible',
    unpaidStatus: 'PENDING',
    duplicateFrom: 'end',
    requestIdLifeSeconds: 86_400,
    failedReplay: 'duplicate',
    readLagSeconds: 0,
    notFoundBody: 'envelope',
    uzbekCurrency: 'UZS',
    texts: {},
    reasonCodes: {},
    statuses: {},
  });
