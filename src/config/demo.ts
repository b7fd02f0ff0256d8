import { createHash } from 'node:crypto';
import { scopes } from '../context.ts';
import { parseEndpointUrl } from './event-endpoint.ts';
import { isHost, isLoopback } from './hosts.ts';
import type { Report } from './problems.ts';
import type { Environment } from './substitute.ts';

/** The keys of the demo. They stand in the README: outside demo mode they are refused. */
export const DEMO_KEYS = {
  demo: 'rf_demo_00000000000000000000000000000000',
  other: 'rf_demo_11111111111111111111111111111111',
} as const;

/** Signs the events of the demo: `refund-federation-demo-events-01` in base64. Outside demo mode it is refused. */
export const DEMO_EVENTS_SECRET = 'whsec_cmVmdW5kLWZlZGVyYXRpb24tZGVtby1ldmVudHMtMDE=';

/** By which the sandbox signs as RoboKassa. */
const ROBOKASSA_PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzHByj7Rf9Wha6BO2L5hb
NUDYWx6jumWT3qa2507Fg0NBifPfYdk+uAuPKEsrsMalZNtuxoP5q4fLkGHq0vb0
N+yjKPJmtHZMNVqo3Zhc/et8vGLAZKo2JFutfsbna6F5Jhhs18bwI/oqhLcCuJV+
7Tpl/fu1XZHTa2W8UHX9xhOiTRE0l30xI7RFfZSqVBjtAb5uhtJZSRJv0kmafVMQ
NmDk3R3y3gJXmJuOgHYNQu7ByC0VVhPUX/7nFWa3sE7bPZ64nv6aNfwaLcvSZlQc
w+ZbOLtSXjWDYiGn2DKF6ACgUMlpaIzrtS07joSSjPknBs9YDDmkwUFzihmNc2qu
jwIDAQAB
-----END PUBLIC KEY-----`;

const hashes: ReadonlySet<unknown> = new Set(Object.values(DEMO_KEYS).map(sha256));

export function isDemoKeyHash(hash: unknown): boolean {
  return hashes.has(hash);
}

export function isDemoSecret(secret: unknown): boolean {
  return secret === DEMO_EVENTS_SECRET;
}

/** What the demo refuses, because it must never come near real money (DESIGN section 8). */
export function reportDemoRules(env: Environment, report: Report): void {
  const refused = 'is not allowed with DEMO=1; ';
  if (env['DATABASE_URL']) {
    report(
      'DATABASE_URL',
      `${refused}the demo uses its own embedded database only. Unset it, or start without DEMO`,
    );
  }
  if (env['ACCOUNTS_FILE']) {
    report('ACCOUNTS_FILE', `${refused}the demo has accounts of its own. Unset it, or start without DEMO`);
  }
  if (env['NODE_ENV'] === 'production') {
    report('NODE_ENV', `"production" ${refused}the keys of the demo are public. Unset one of them`);
  }
  const events = env['DEMO_EVENTS_URL'];
  if (events && !isDemoEventsUrl(events)) {
    report(
      'DEMO_EVENTS_URL',
      'must be http on this machine (127.0.0.1, ::1 or localhost), without user name and password: the secret of the demo is public',
    );
  }
  const host = env['HOST'];
  if (host && isHost(host) && !isLoopback(host)) {
    report(
      'HOST',
      `${JSON.stringify(host)} ${refused}the keys of the demo are public. Use 127.0.0.1, ::1 or localhost`,
    );
  }
}

/**
 * The accounts of the demo, in the form of an accounts file: two merchants, so that their isolation can be tried, with
 * accounts in the sandbox, whose simulators listen on ports of its block: YooKassa's on `sandboxPort` + 1, Razorpay's
 * on + 3, Yandex Pay's on + 4, Stripe's, also for Prism, on + 5.
 *
 * @param eventsUrl where the events of `demo` and the alerts go; absent: nowhere
 */
export function demoDocument(sandboxPort: number, eventsUrl?: string): unknown {
  const key = (text: string) => ({ name: 'demo', sha256: sha256(text), scopes: [...scopes] });
  // How long money takes to arrive is made up for the demo, so that `expectedArrival` can be seen; `other` has none.
  // The sandbox has no rate agreement; a load test against it should measure the service.
  const limits = { requestsPerSecond: 1000 };
  const yookassa = (merchant: string, shopId: string, name: string) => ({
    code: `yookassa-${merchant}`,
    provider: 'yookassa',
    displayName: `YooKassa (${name})`,
    baseUrl: `http://127.0.0.1:${sandboxPort + 1}/v3`,
    credentials: { shopId, secretKey: `test_${merchant}_yookassa_secret_key` },
    ...(merchant === 'demo' ? { arrivalDays: { min: 0, max: 3 } } : {}),
    ...limits,
  });
  const razorpay = {
    code: 'razorpay-demo',
    provider: 'razorpay',
    displayName: 'Razorpay / Curlec (sandbox)',
    baseUrl: `http://127.0.0.1:${sandboxPort + 3}/v1`,
    credentials: {
      clientId: 'PartnerClient01',
      clientSecret: 's3cr3t-Part/ner',
      account: 'acc_SimSub00000001',
      webhookSecrets: ['whsec-curlec-test-1'],
    },
    arrivalDays: { min: 5, max: 7 },
    ...limits,
  };
  const robokassa = {
    code: 'robokassa-demo',
    provider: 'robokassa',
    displayName: 'RoboKassa (sandbox)',
    baseUrl: `http://127.0.0.1:${sandboxPort + 2}`,
    options: {
      refundBaseUrl: `http://127.0.0.1:${sandboxPort + 2}/RefundService`,
      resultUrl2Certificate: ROBOKASSA_PUBLIC_KEY,
    },
    credentials: {
      merchantLogin: 'demo-shop',
      password1: 'pass1-secret',
      password2: 'pass2-secret',
      password3: 'pass3-secret',
    },
    ...limits,
  };
  const stripe = {
    code: 'stripe-demo',
    provider: 'stripe',
    displayName: 'Stripe (sandbox)',
    baseUrl: `http://127.0.0.1:${sandboxPort + 5}/v1`,
    credentials: {
      apiKey: 'sk_test_SimStripeDemo000000000001',
      accountId: 'acct_SimStripe000001',
      webhookSecrets: ['whsec_SimStripeDemo000000000001'],
    },
    arrivalDays: { min: 5, max: 10 },
    ...limits,
  };
  const prism = {
    code: 'prism-demo',
    provider: 'prism',
    displayName: 'Stripe by way of Prism (sandbox)',
    baseUrl: `http://127.0.0.1:${sandboxPort + 5}`,
    credentials: {
      connector: 'stripe',
      apiKey: 'sk_test_SimStripePrism00000000003',
      accountId: 'acct_SimStripe000003',
      webhookSecrets: ['whsec_SimStripePrism00000000003'],
    },
    arrivalDays: { min: 5, max: 10 },
    ...limits,
  };
  const yandexPay = {
    code: 'yandex-pay-demo',
    provider: 'yandex-pay',
    displayName: 'Yandex Pay (sandbox)',
    baseUrl: `http://127.0.0.1:${sandboxPort + 4}/api/merchant`,
    credentials: {
      apiKey: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
      merchantId: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
    },
    arrivalDays: { min: 1, max: 30 },
    ...limits,
  };
  const endpoints = (code: string) =>
    eventsUrl === undefined
      ? []
      : [{ code, url: eventsUrl, secrets: [DEMO_EVENTS_SECRET], allowPrivateNetwork: true }];
  return {
    operatorEndpoints: endpoints('alerts-demo'),
    merchants: [
      {
        code: 'demo',
        name: 'Demo shop',
        keys: [key(DEMO_KEYS.demo)],
        accounts: [yookassa('demo', '100500', 'sandbox'), razorpay, robokassa, yandexPay, stripe, prism],
        eventEndpoints: endpoints('events-demo'),
      },
      {
        code: 'other',
        name: 'Other shop',
        keys: [key(DEMO_KEYS.other)],
        accounts: [yookassa('other', '100501', 'other shop')],
      },
    ],
  };
}

/** Whether the demo may send its events there: its secret is public, so to this machine only. */
export function isDemoEventsUrl(text: string): boolean {
  const parsed = parseEndpointUrl(text, true);
  return parsed.ok && parsed.url.startsWith('http:');
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
