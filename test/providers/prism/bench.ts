import { pino } from 'pino';
import { createAccountHttp, type ClosableAccountHttp } from '../../../src/providers/http.ts';
import { prismProvider } from '../../../src/providers/prism/index.ts';
import type { PrismCredentials } from '../../../src/providers/prism/credentials.ts';
import type { LoadedLibrary } from '../../../src/providers/prism/library.ts';
import type {
  AccountAccess,
  ProviderAdapter,
  RefundOrder,
  SendOutcome,
} from '../../../src/providers/provider.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { WireRequest } from '../../../src/providers/http.ts';
import { type PrismHarness, startPrism } from '../../sandbox/prism/harness.ts';
import { startRecorder, type Recorder } from '../../native/recorder.ts';

export const KEY = '0123456789abcdef0123456789abcdef01234567';

/** The credentials that the sandbox takes, by connector. */
export const accounts = {
  stripe: {
    connector: 'stripe',
    apiKey: 'sk_test_SimStripePrism00000000003',
    accountId: 'acct_SimStripe000003',
  },
  adyen: { connector: 'adyen', apiKey: 'AQE-sim-demo-api-key', merchantAccount: 'SimDemoECOM' },
  checkout: {
    connector: 'checkout',
    apiKey: 'pk_sbox_simdemo',
    apiSecret: 'sk_sbox_simdemo',
    processingChannelId: 'pc_simdemo00000000000000000',
  },
} as const satisfies Record<string, PrismCredentials>;
export type Connector = keyof typeof accounts;

/** An adapter of Prism with its account, at the sandbox or at a server that answers as it is told. */
export interface Account {
  readonly adapter: ProviderAdapter;
  readonly access: AccountAccess;
  readonly send: (request: WireRequest, order: RefundOrder) => Promise<SendOutcome>;
}

export interface Bench {
  readonly sandbox: PrismHarness;
  readonly recorder: Recorder;
  /** Lines that the HTTP clients have logged. */
  logged(): string;
  /** A payment of 150.00 at a connector. */
  payment(connector: Connector, more?: Record<string, unknown>): Promise<string>;
  atSandbox(connector: Connector): Account;
  atRecorder(connector: Connector): Account;
  close(): Promise<void>;
}

export const orderOf = (
  providerPaymentId: string,
  minor: bigint,
  more: Partial<RefundOrder> = {},
): RefundOrder => ({
  providerPaymentId,
  handles: {},
  amount: { minor, currency: 'EUR' },
  takesRest: false,
  isFirst: true,
  cart: [],
  items: [],
  sends: 0,
  providerKey: KEY,
  metadata: {},
  reason: 'REQUESTED_BY_CUSTOMER',
  receipt: null,
  ...more,
});

/** Everything that the tests of the adapters need, with the real library or with the fake. */
export async function openBench(loaded: LoadedLibrary): Promise<Bench> {
  const sandbox = await startPrism();
  const recorder = await startRecorder();
  const provider = await prismProvider({ stripe }, () => Promise.resolve(loaded)).load!();
  const lines: string[] = [];
  const clients: ClosableAccountHttp[] = [];
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  const open = (connector: Connector, baseUrl: string): Account => {
    const http = createAccountHttp({
      accountCode: `prism-${connector}`,
      provider: 'prism',
      baseUrl,
      maxInFlight: 4,
      requestsPerSecond: 10_000,
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
      clock,
      breaker: 'never',
    });
    clients.push(http);
    const credentials = accounts[connector];
    const adapter = provider.adapterOf({}, credentials);
    const access = { code: `prism-${connector}`, credentials, options: {}, http, clock };
    return {
      adapter,
      access,
      send: (request, order) => adapter.sendRefund(access, request, order, () => true),
    };
  };
  const below = {
    stripe: sandbox.stripeUrl.replace(/\/v1$/, ''),
    adyen: `${sandbox.prismUrl}/adyen`,
    checkout: `${sandbox.prismUrl}/checkout`,
  };
  return {
    sandbox,
    recorder,
    logged: () => lines.join(''),
    payment: (connector, more = {}) => sandbox.payment({ connector, ...more }),
    atSandbox: (connector) => open(connector, below[connector]),
    atRecorder: (connector) => open(connector, `${recorder.baseUrl}base`),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await recorder.close();
      await sandbox.close();
    },
  };
}
