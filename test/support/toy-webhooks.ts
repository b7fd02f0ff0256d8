import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Provider } from '../../src/providers/provider.ts';
import { providers, type Providers } from '../../src/providers/registry.ts';
import { acknowledged, refused, type WebhookReceiver } from '../../src/providers/webhook.ts';

/** What one message says; the server knows nothing of how it is written. */
export interface ToyMessage {
  readonly event?: string;
  readonly key: string;
  readonly refund?: string | null;
  readonly payment?: string | null;
  readonly reference?: string | null;
}

const SECRET = 'toy-secret';

/** A delivery of these messages, signed with a secret; another one is a forgery. */
export function toyDelivery(messages: readonly ToyMessage[], secret = SECRET) {
  const body = JSON.stringify(messages);
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return { headers: { 'content-type': 'application/json', 'x-toy-signature': signature }, body };
}

/** A receiver with the least that one can have. `NOTHING`: the signature is not looked at. */
export const toyReceiver = (verifiedBy: WebhookReceiver['verifiedBy']): WebhookReceiver => ({
  path: '',
  methods: ['POST'],
  events: ['toy'],
  verifiedBy,
  read(_access, { headers, body }) {
    if (verifiedBy === 'SIGNATURE') {
      const due = createHmac('sha256', SECRET).update(body).digest();
      const given = Buffer.from(headers['x-toy-signature'] ?? '', 'hex');
      if (given.length !== due.length || !timingSafeEqual(given, due)) return refused('FORGED');
    }
    let messages: readonly ToyMessage[];
    try {
      messages = JSON.parse(body.toString()) as readonly ToyMessage[];
    } catch {
      return refused('MALFORMED');
    }
    return {
      kind: 'taken',
      answer: { ...acknowledged, body: 'taken' },
      messages: messages.map(({ event = 'toy', key, refund = null, payment = null, reference = null }) => ({
        event,
        deduplicationKey: key,
        subject: { providerRefundId: refund, providerPaymentId: payment, ourReference: reference },
      })),
    };
  },
});

/** All providers, with the toy's receiver in place of their own at one of them. */
export const withReceiver = (code: string, receiver: WebhookReceiver): Providers =>
  providers.map((provider): Provider =>
    provider.code === code
      ? {
          ...provider,
          adapterOf: (options, credentials) => ({
            ...provider.adapterOf(options, credentials),
            webhooks: receiver,
          }),
        }
      : provider,
  );
