import type pino from 'pino';
import { prismProvider } from '../../src/providers/prism/index.ts';
import type { LoadedLibrary } from '../../src/providers/prism/library.ts';
import { providers, type Providers } from '../../src/providers/registry.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { DeclaredPayment } from '../../src/refunds/declared-facts.ts';
import type { World } from '../../src/refunds/world.ts';
import { newKey } from './rules.ts';
import { createTestDatabase } from './database.ts';
import { createTestWorld, type TestWorld } from './world.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** Accounts of merchant `demo` behind Prism, besides `prism-demo` with its connector stripe. */
export const prismAccounts = ({ prismUrl }: Sandbox) => {
  const common = {
    provider: 'prism' as const,
    options: {},
    maxInFlight: 8,
    requestsPerSecond: 10_000,
    minLookIntervalMs: 0,
  };
  return [
    {
      ...common,
      code: 'adyen-demo',
      displayName: 'Adyen demo',
      baseUrl: `${prismUrl}/adyen`,
      credentials: { connector: 'adyen', apiKey: 'AQE-sim-demo-api-key', merchantAccount: 'SimDemoECOM' },
      identity: 'SimDemoECOM',
    },
    {
      ...common,
      code: 'checkout-demo',
      displayName: 'Checkout.com demo',
      baseUrl: `${prismUrl}/checkout`,
      credentials: {
        connector: 'checkout',
        apiKey: 'pk_sbox_simdemo',
        apiSecret: 'sk_sbox_simdemo',
        processingChannelId: 'pc_simdemo00000000000000000',
      },
      identity: 'pc_simdemo00000000000000000',
    },
  ];
};

/** The providers of a process that has loaded this. */
export async function providersWith(loaded: LoadedLibrary): Promise<Providers> {
  const prism = await prismProvider({ stripe }, () => Promise.resolve(loaded)).load!();
  return providers.map((provider) => (provider.code === prism.code ? prism : provider));
}

/** The HMAC keys of the sandbox's merchants at Adyen. */
export const adyenKeys = {
  demo: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
  other: '009E9E92268087AAD241638D3325201AFA8B0ACD0D9E3C3F1B8A0F8EBAFE5C11',
} as const;

/** Accounts of both merchants at Adyen, which tells them of their refunds. */
export const toldAccounts = (sandbox: Sandbox, merchant: 'demo' | 'other') => {
  const [adyen] = prismAccounts(sandbox);
  if (adyen === undefined) throw new Error('no account at Adyen');
  const identity = merchant === 'demo' ? 'SimDemoECOM' : 'SimOtherECOM';
  return [
    {
      ...adyen,
      code: `adyen-${merchant}`,
      identity,
      credentials: {
        connector: 'adyen',
        apiKey: `AQE-sim-${merchant}-api-key`,
        merchantAccount: identity,
        webhookSecrets: [adyenKeys[merchant]],
      },
    },
  ];
};

export const missingLibrary: LoadedLibrary = { kind: 'missing', message: 'It did not load.' };

export const createPrismWorld = async (
  name: string,
  loaded: LoadedLibrary,
  log?: pino.Logger,
): Promise<TestWorld> =>
  createTestWorld(name, log, createTestDatabase, {
    accounts: prismAccounts,
    providers: await providersWith(loaded),
  });

export type PrismAccount = 'prism-demo' | 'adyen-demo' | 'checkout-demo';

const connectorOf = (account: PrismAccount): string =>
  account === 'prism-demo' ? 'stripe' : account.replace('-demo', '');

/** A new payment of 150.00 EUR at the connector of an account. */
export const prismPayment = (
  t: TestWorld,
  account: PrismAccount,
  more: Record<string, unknown> = {},
): Promise<string> =>
  t.payment('150.00', {
    provider: 'prism',
    connector: connectorOf(account),
    amount: { value: '150.00', currency: 'EUR' },
    ...more,
  });

/** 150.00 EUR, captured. */
export const declared: DeclaredPayment = {
  captured: { minor: 15_000n, currency: 'EUR' },
  capturedAt: null,
  orderReference: null,
};

export const prismCommand = (
  account: PrismAccount,
  paymentId: string,
  minor = 4_000n,
  more: Partial<CreateRefundCommand> = {},
): CreateRefundCommand => ({
  idempotencyKey: newKey(),
  payment: { account, paymentId, ...(account === 'adyen-demo' ? { declared } : {}) },
  amount: { kind: 'money', money: { minor, currency: 'EUR' } },
  reason: 'REQUESTED_BY_CUSTOMER',
  note: null,
  reference: null,
  metadata: {},
  receipt: null,
  feeBearer: null,
  speed: null,
  expectedRefundable: null,
  replaces: null,
  waitMs: 10_000,
  ...more,
});

export const prismRefund = (
  t: TestWorld,
  account: PrismAccount,
  paymentId: string,
  minor?: bigint,
  world: World = t.world,
) => createRefund(world, t.caller(), prismCommand(account, paymentId, minor));

/** Arms a fault of createRefund, unless `more` names another operation. */
export const armPrism = (
  t: TestWorld,
  account: PrismAccount,
  kind: string,
  more: Record<string, unknown> = {},
): Promise<unknown> =>
  t.control('faults', {
    provider: account === 'prism-demo' ? 'stripe' : 'prism',
    operation: 'createRefund',
    kind,
    ...more,
  });
