import type { AccountConfig } from '../../src/config/types.ts';
import { PUBLIC_KEY } from '../../sandbox/robokassa/signing-key.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';

type Account = Pick<
  AccountConfig,
  'code' | 'provider' | 'displayName' | 'baseUrl' | 'options' | 'credentials' | 'identity'
>;

/** The accounts of merchant `demo` besides that at YooKassa, as the sandbox knows them. */
export const otherAccounts = (sandbox: Sandbox): readonly Account[] => [
  {
    code: 'razorpay-demo',
    provider: 'razorpay',
    displayName: 'Razorpay demo',
    baseUrl: sandbox.razorpayUrl,
    options: {},
    credentials: {
      clientId: 'PartnerClient01',
      clientSecret: 's3cr3t-Part/ner',
      account: 'acc_SimSub00000001',
      webhookSecrets: ['whsec-curlec-test-1'],
    },
    identity: 'acc_SimSub00000001',
  },
  {
    code: 'robokassa-demo',
    provider: 'robokassa',
    displayName: 'RoboKassa demo',
    baseUrl: sandbox.robokassaUrl,
    options: {
      refundApi: 'v2',
      hashAlgorithm: 'md5',
      jwtAlgorithm: 'HS256',
      refundBaseUrl: `${sandbox.robokassaUrl}/RefundService`,
      resultUrl2Certificate: [PUBLIC_KEY],
    },
    credentials: {
      merchantLogin: 'demo-shop',
      password1: 'pass1-secret',
      password2: 'pass2-secret',
      password3: 'pass3-secret',
    },
    identity: 'demo-shop',
  },
  ...[
    {
      code: 'yandex-pay-demo',
      merchantId: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
      options: { edition: 'ru', currency: 'RUB' },
    },
    {
      code: 'yandex-pay-uz',
      merchantId: '1c7f3d2f-701b-5e4f-8b65-407e3b8d9f21',
      options: { edition: 'uz', currency: 'UZS' },
    },
  ].map(({ code, merchantId, options }) => ({
    code,
    provider: 'yandex-pay',
    displayName: code,
    baseUrl: sandbox.yandexPayUrl,
    options,
    // In the sandbox a key is the Merchant ID.
    credentials: { apiKey: merchantId, merchantId },
    identity: merchantId,
  })),
  {
    code: 'stripe-demo',
    provider: 'stripe',
    displayName: 'Stripe demo',
    baseUrl: sandbox.stripeUrl,
    options: {},
    credentials: {
      apiKey: 'sk_test_SimStripeDemo000000000001',
      accountId: 'acct_SimStripe000001',
      webhookSecrets: ['whsec_SimStripeDemo000000000001'],
    },
    identity: 'acct_SimStripe000001',
  },
  {
    code: 'prism-demo',
    provider: 'prism',
    displayName: 'Prism demo',
    baseUrl: sandbox.stripeUrl.replace(/\/v1$/, ''),
    options: {},
    credentials: {
      connector: 'stripe',
      apiKey: 'sk_test_SimStripePrism00000000003',
      accountId: 'acct_SimStripe000003',
      webhookSecrets: ['whsec_SimStripePrism00000000003'],
    },
    identity: 'acct_SimStripe000003',
  },
];
