import { createHmac, randomUUID } from 'node:crypto';

/** A delivery as this service makes it. */
export interface TestEvent {
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent byte by byte: the signatures are made of it. */
  readonly body: string;
}

interface Sending {
  /** `whsec_…` of the endpoint; several as while one takes another's place. */
  readonly secret: string | readonly string[];
  /** The `webhook-id`, the same at every repetition; default random. */
  readonly id?: string;
  /** When it is sent, which is signed; default now. Libraries take it for five minutes. */
  readonly at?: Date;
}

/** A refund as events show it; see docs/events.md. */
export interface TestEventRefund {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly previousStatus: string | null;
  readonly isFinal: boolean;
  readonly moneyMovement: string;
  readonly amount: TestEventMoney;
  readonly returned: TestEventMoney;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly origin: string;
  readonly needsAttention: boolean;
  readonly payment: { readonly id: string; readonly accountCode: string; readonly providerPaymentId: string };
  /** ISO 8601, as the next two. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finalizedAt: string | null;
}

export interface TestEventMoney {
  readonly value: string;
  readonly currency: string;
  readonly minorUnits: string;
}

export type TestEventOptions = Sending &
  (
    | {
        readonly type: 'refund.created' | 'refund.updated' | 'refund.finalized';
        /** What differs from a usual refund of 400.00 RUB: pending, unknown, or with `refund.finalized` succeeded. */
        readonly refund?: Partial<TestEventRefund>;
      }
    | {
        readonly type: 'alert.raised';
        readonly code: string;
        readonly message?: string;
        readonly details?: Readonly<Record<string, string | number | boolean | null>>;
      }
  );

/**
 * An event as this service sends it, signed after Standard Webhooks: for tests of what receives them.
 *
 * @example
 * const { headers, body } = buildEvent({ type: 'refund.finalized', secret, refund: { reference: 'order-1' } });
 * await fetch('http://127.0.0.1:3000/refund-events', { method: 'POST', headers, body });
 */
export function buildEvent(options: TestEventOptions): TestEvent {
  const { at = new Date(), id = `msg_${randomUUID()}` } = options;
  const body = JSON.stringify({ type: options.type, timestamp: at.toISOString(), data: dataOf(options, at) });
  const timestamp = Math.floor(at.getTime() / 1_000);
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'refund-federation/test',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatures.join(' '),
    },
    body,
  };
}

function dataOf(options: TestEventOptions, at: Date): object {
  if (options.type !== 'alert.raised')
    return { refund: { ...refundOf(options.type, at.toISOString()), ...options.refund } };
  const { code, message = 'An alert of a test.', details = {} } = options;
  return { code, message, details, repeated: 0 };
}

/** As such refunds usually are: sent at once, then perhaps unclear for a while. */
const usually = {
  'refund.created': { version: 1, status: 'PENDING', previousStatus: null, moneyMovement: 'IN_FLIGHT' },
  'refund.updated': { version: 2, status: 'UNKNOWN', previousStatus: 'PENDING', moneyMovement: 'UNCLEAR' },
  'refund.finalized': {
    version: 2,
    status: 'SUCCEEDED',
    previousStatus: 'PENDING',
    moneyMovement: 'RETURNED',
  },
} as const;

function refundOf(type: keyof typeof usually, at: string): TestEventRefund {
  const isFinal = type === 'refund.finalized';
  const { version, status, previousStatus, moneyMovement } = usually[type];
  return {
    id: idOf('Refund', '01a203bc-ad47-7290-a4c4-1f8919849bcf'),
    version,
    status,
    previousStatus,
    isFinal,
    moneyMovement,
    amount: { value: '400.00', currency: 'RUB', minorUnits: '40000' },
    returned: isFinal
      ? { value: '400.00', currency: 'RUB', minorUnits: '40000' }
      : { value: '0.00', currency: 'RUB', minorUnits: '0' },
    reference: null,
    metadata: {},
    origin: 'API',
    needsAttention: false,
    payment: {
      id: idOf('Payment', '01a203bc-ad30-7d5a-9c1e-5b8c7a3f0d21'),
      accountCode: 'yookassa-demo',
      providerPaymentId: '2f0c0000-000f-5000-8000-000000000001',
    },
    createdAt: at,
    updatedAt: at,
    finalizedAt: isFinal ? at : null,
  };
}

const idOf = (type: string, uuid: string): string => Buffer.from(`${type}:${uuid}`).toString('base64');
