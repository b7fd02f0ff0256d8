import { createHash } from 'node:crypto';
import { PUBLIC_KEY } from '../../sandbox/robokassa/signing-key.ts';
import { providerNames, traits, type Provider } from './providers.ts';

/** Two, so that one can be seen not to see the other. */
export const merchants = ['chaos', 'other'] as const;
export type Merchant = (typeof merchants)[number];

/** Who may call: a merchant and its key, made for this run. */
export interface Caller {
  readonly merchant: Merchant;
  readonly key: string;
}

/** Of an account: texts, or lists of them. */
type Fields = Readonly<Record<string, string | readonly string[]>>;

interface AtProvider {
  readonly basePath: string;
  readonly credentials: Readonly<Partial<Record<Merchant, Fields>>>;
  /** Given the base URL. */
  readonly options?: (baseUrl: string) => Readonly<Record<string, string>>;
}

/** Where each simulator is on its port, and the credentials that it takes. */
const atProviders: Readonly<Record<Provider, AtProvider>> = {
  yookassa: {
    basePath: '/v3',
    credentials: {
      chaos: { shopId: '100500', secretKey: 'test_demo_yookassa_secret_key' },
      other: { shopId: '100501', secretKey: 'test_other_yookassa_secret_key' },
    },
  },
  razorpay: {
    basePath: '/v1',
    credentials: {
      chaos: partner('acc_SimSub00000001', 'whsec-curlec-test-1'),
      other: partner('acc_SimSub00000002', 'whsec-curlec-test-2'),
    },
  },
  robokassa: {
    basePath: '',
    credentials: { chaos: shop('demo-shop', ''), other: shop('other-shop', 'other-') },
    options: (baseUrl) => ({
      refundBaseUrl: `${baseUrl}/RefundService`,
      resultUrl2Certificate: PUBLIC_KEY,
    }),
  },
  'yandex-pay': {
    basePath: '/api/merchant',
    // In the provider's sandbox a key is the Merchant ID.
    credentials: {
      chaos: merchantId('0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10'),
      other: merchantId('2d804e30-812c-4f50-9c76-518f4c9ea032'),
    },
  },
  stripe: {
    basePath: '/v1',
    credentials: {
      chaos: {
        apiKey: 'sk_test_SimStripeDemo000000000001',
        accountId: 'acct_SimStripe000001',
        webhookSecrets: ['whsec_SimStripeDemo000000000001'],
      },
      other: {
        apiKey: 'sk_test_SimStripeOther00000000002',
        accountId: 'acct_SimStripe000002',
        webhookSecrets: ['whsec_SimStripeOther00000000002'],
      },
    },
  },
  prism: {
    basePath: '',
    credentials: {
      chaos: {
        connector: 'stripe',
        apiKey: 'sk_test_SimStripePrism00000000003',
        accountId: 'acct_SimStripe000003',
        webhookSecrets: ['whsec_SimStripePrism00000000003'],
      },
    },
  },
};

function partner(account: string, webhookSecret: string): Fields {
  return {
    clientId: 'PartnerClient01',
    clientSecret: 's3cr3t-Part/ner',
    account,
    webhookSecrets: [webhookSecret],
  };
}

function shop(merchantLogin: string, prefix: string) {
  const [password1, password2, password3] = ['pass1', 'pass2', 'pass3'].map(
    (name) => `${prefix}${name}-secret`,
  );
  return { merchantLogin, password1: password1!, password2: password2!, password3: password3! };
}

function merchantId(id: string) {
  return { apiKey: id, merchantId: id };
}

/** Fields of credentials that are no secrets, and may stand in logs. */
const open = new Set([
  'shopId',
  'clientId',
  'account',
  'merchantLogin',
  'merchantId',
  'accountId',
  'connector',
]);

/** What must stand in no log. */
export const secretsAtProviders: readonly string[] = providerNames
  .flatMap((name) => Object.values(atProviders[name].credentials))
  .flatMap((given) => Object.entries(given).flatMap(([field, value]) => (open.has(field) ? [] : value)));

/**
 * The accounts file of a run.
 *
 * @param ports where each provider is reached
 */
export function accountsOf(callers: readonly Caller[], ports: Readonly<Record<Provider, number>>): unknown {
  return {
    merchants: callers.map(({ merchant, key }) => ({
      code: merchant,
      name: merchant,
      keys: [
        { name: 'client', sha256: createHash('sha256').update(key).digest('hex'), scopes: ['read', 'write'] },
      ],
      accounts: providerNames.flatMap((name) => accountOf(name, merchant, ports[name])),
    })),
  };
}

function accountOf(provider: Provider, merchant: Merchant, port: number): object[] {
  const { basePath, credentials, options } = atProviders[provider];
  const code = traits[provider].accounts[merchant];
  if (code === undefined) return [];
  const baseUrl = `http://127.0.0.1:${port}${basePath}`;
  return [
    {
      code,
      provider,
      displayName: merchant,
      baseUrl,
      credentials: credentials[merchant],
      ...(options === undefined ? {} : { options: options(baseUrl) }),
      requestsPerSecond: 300,
      minLookIntervalMs: 200,
    },
  ];
}
