import { createHmac, generateKeyPairSync } from 'node:crypto';
import {
  buildRazorpayDelivery,
  buildRoboKassaDelivery,
  buildStripeDelivery,
  buildYandexPayDelivery,
  buildYooKassaDelivery,
  type ProviderDelivery,
} from '../../src/testing/index.ts';
import type { Random } from './random.ts';

/** One request to the service, with everything about it. */
export interface FuzzRequest {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What requests may be about. */
export interface FuzzTarget {
  /** Paths of accounts, by provider code, as far as the id. */
  readonly paths: Readonly<Record<string, string>>;
  /** Refunds and payments that the service knows, by provider code. */
  readonly known: Readonly<Record<string, { readonly refundId: string; readonly paymentId: string }>>;
  readonly now: () => Date;
}

const razorpaySecret = 'whsec-curlec-test-1';
const stripeSecret = 'whsec_SimStripeDemo000000000001';
const yandexKey = {
  kid: 'fuzz',
  privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string,
};

/** A delivery that its receiver takes, or, at Yandex Pay, one that lacks nothing but the provider's key. */
function validDelivery(random: Random, provider: string, { known, now }: FuzzTarget): ProviderDelivery {
  const at = now();
  const invented = inventedIds(random, provider);
  const { refundId, paymentId } = random.chance(0.3) ? (known[provider] ?? invented) : invented;
  switch (provider) {
    case 'yookassa':
      return random.chance(0.5)
        ? buildYooKassaDelivery({ event: 'refund.succeeded', refundId, paymentId, at })
        : buildYooKassaDelivery({ event: 'payment.canceled', paymentId, at });
    case 'razorpay': {
      const account = 'acc_SimSub00000001';
      const event = random.pick(['refund.created', 'refund.processed', 'refund.failed'] as const);
      return buildRazorpayDelivery({ event, account, secret: razorpaySecret, refundId, paymentId, at });
    }
    case 'robokassa':
      return buildRoboKassaDelivery({
        invoiceId: String(random.below(1e6)),
        outSum: '10.000000',
        password2: 'pass2-secret',
        method: random.pick(['POST', 'GET'] as const),
      });
    case 'yandex-pay':
      return buildYandexPayDelivery({
        merchantId: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10',
        key: yandexKey,
        about: { orderId: paymentId, paymentStatus: 'CAPTURED' },
        at,
      });
    default:
      return buildStripeDelivery({ type: 'refund.updated', secret: stripeSecret, refundId, paymentId, at });
  }
}

/** Ids as the provider makes them, of nothing. */
function inventedIds(random: Random, provider: string): { refundId: string; paymentId: string } {
  const tail = () => random.text(14, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij0123456789');
  if (provider === 'razorpay') return { refundId: `rfnd_${tail()}`, paymentId: `pay_${tail()}` };
  const uuid = () => `2e1d5c0a-0015-5000-8000-${random.text(12, '0123456789abcdef')}`;
  return provider === 'yookassa' || provider === 'yandex-pay'
    ? { refundId: uuid(), paymentId: uuid() }
    : { refundId: `re_${tail()}`, paymentId: `pi_${tail()}` };
}

/** Requests of every sort, from nonsense to what only the signature tells from the truth. */
export function nextRequest(random: Random, target: FuzzTarget): FuzzRequest {
  const provider = random.pick(Object.keys(target.paths));
  const base = target.paths[provider]!;
  const valid = validDelivery(random, provider, target);
  const ofValid = (kind: string, change: Partial<FuzzRequest> = {}): FuzzRequest => ({
    kind,
    method: valid.method,
    path: base + valid.path,
    headers: valid.headers,
    body: Buffer.from(valid.body),
    ...change,
  });
  const sort = random.below(12);
  switch (sort) {
    case 0:
      return ofValid('valid');
    case 1:
      return ofValid('other path', { path: strangePath(random, base) });
    case 2:
      return ofValid('other method', {
        method: random.pick(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND']),
      });
    case 3:
      return ofValid('random body', { method: 'POST', body: random.bytes(sizeOf(random)) });
    case 4:
      return ofValid('changed bytes', { body: changed(random, Buffer.from(valid.body)) });
    case 5:
      return ofValid('changed headers', { headers: changedHeaders(random, valid.headers) });
    case 6:
      return ofValid('another account', { path: target.paths[random.pick(Object.keys(target.paths))]! });
    case 7:
      return ofValid('another time', timed(random, provider, target));
    case 8:
      return ofValid('large', {
        method: 'POST',
        body: Buffer.alloc(
          random.pick([262_143, 262_144, 262_145, 300_000]),
          random.pick(['[', '{', ' ', '"']),
        ),
      });
    default:
      return signed(random, provider, ofValid('signed nonsense'), target);
  }
}

function timed(random: Random, provider: string, target: FuzzTarget): Partial<FuzzRequest> {
  const seconds = random.pick([-1e9, -86_400, -301, 301, 86_400, 1e9]);
  const now = () => new Date(target.now().getTime() + seconds * 1_000);
  const { headers, body } = validDelivery(random, provider, { ...target, now });
  return { headers, body: Buffer.from(body) };
}

/** Signed as it should be, with something in it that no provider sends. */
function signed(random: Random, provider: string, valid: FuzzRequest, target: FuzzTarget): FuzzRequest {
  const text = valid.body.toString();
  if (!text.startsWith('{')) return { ...valid, body: changed(random, valid.body) };
  const body = Buffer.from(
    random.chance(0.1) ? changed(random, valid.body) : JSON.stringify(mutated(random, JSON.parse(text), 0)),
  );
  if (provider === 'razorpay') {
    const signature = createHmac('sha256', razorpaySecret).update(body).digest('hex');
    return { ...valid, headers: { ...valid.headers, 'x-razorpay-signature': signature }, body };
  }
  if (provider === 'stripe') {
    const second = Math.floor(target.now().getTime() / 1_000);
    const signature = createHmac('sha256', stripeSecret).update(`${second}.`).update(body).digest('hex');
    return {
      ...valid,
      headers: { ...valid.headers, 'stripe-signature': `t=${second},v1=${signature}` },
      body,
    };
  }
  return { ...valid, body };
}

const strange: readonly unknown[] = [
  null,
  '',
  '\0',
  '\ud800',
  'x'.repeat(300),
  'x'.repeat(10_000),
  -1,
  0,
  1e308,
  2 ** 53,
  true,
  [],
  {},
  [[[[]]]],
  '__proto__',
  { __proto__: null, constructor: 1 },
  'refund.succeeded',
  '../../etc',
  '\u202e',
  '{}',
];

/** One value somewhere in a document is another one, is gone, or is there once more. */
function mutated(random: Random, value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object' || depth > 6 || random.chance(0.15))
    return random.pick(strange);
  if (Array.isArray(value))
    return value.map((each) => (random.chance(0.5) ? mutated(random, each, depth + 1) : each));
  const entries = Object.entries(value);
  if (entries.length === 0) return random.pick(strange);
  const at = random.below(entries.length);
  const [name, old] = entries[at]!;
  const way = random.below(4);
  if (way === 0) entries.splice(at, 1);
  else if (way === 1) entries.push([random.text(8), random.pick(strange)]);
  else entries[at] = [name, mutated(random, old, depth + 1)];
  return Object.fromEntries(entries);
}

const sizeOf = (random: Random): number => (random.chance(0.02) ? random.below(20_000) : random.below(400));

function changed(random: Random, body: Buffer): Buffer {
  if (body.length === 0) return random.bytes(10);
  const at = random.below(body.length);
  switch (random.below(4)) {
    case 0:
      return body.subarray(0, at);
    case 1:
      return Buffer.concat([body.subarray(0, at), random.bytes(1 + random.below(8)), body.subarray(at)]);
    case 2:
      return Buffer.concat([body, body]);
    default: {
      const other = Buffer.from(body);
      other[at] = random.below(256);
      return other;
    }
  }
}

function changedHeaders(random: Random, headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers);
  const extra: [string, string][] = [
    ['stripe-signature', `t=${random.text(12, '0123456789')},v1=${random.text(64, '0123456789abcdef')}`],
    ['x-razorpay-signature', random.text(random.pick([0, 1, 64, 4_000]), '0123456789abcdefgZ')],
    ['content-type', random.text(30)],
    ['content-encoding', random.pick(['gzip', 'br', 'identity'])],
    [random.text(12, 'abcdefghij-_'), random.text(random.below(3_000))],
    ['x-request-id', random.text(200)],
  ];
  return Object.fromEntries([
    ...entries
      .filter(() => random.chance(0.7))
      .map(([name, value]) => [name, random.chance(0.5) ? value : random.text(value.length)]),
    ...extra.filter(() => random.chance(0.4)),
  ]) as Record<string, string>;
}

function strangePath(random: Random, base: string): string {
  const tail = random.text(random.below(40), 'abc0/.%2f?=&;~');
  return random.pick([
    `/webhooks/${tail}`,
    `${base}/${tail}`,
    `${base}?${tail}`,
    `/webhooks/${random.text(random.pick([32, 4_000]), '0123456789abcdef')}`,
    `//${tail}`,
    `${base.slice(0, -1)}`,
    `/webhooks/../webhooks/${tail}`,
    '/webhooks/__proto__',
  ]);
}
