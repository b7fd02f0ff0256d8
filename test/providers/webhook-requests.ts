import { expect } from 'vitest';
import type { AccountHttp } from '../../src/providers/http.ts';
import type { AccountAccess } from '../../src/providers/provider.ts';
import type { WebhookMessage, WebhookReading, WebhookRequest } from '../../src/providers/webhook.ts';
import type { ProviderDelivery } from '../../src/testing/delivery.ts';

/** A delivery as it arrives. */
export const requestOf = (
  { method, path, headers, body }: ProviderDelivery,
  change: Partial<WebhookRequest> = {},
): WebhookRequest => ({
  method,
  query: path.split('?')[1] ?? '',
  headers,
  body: Buffer.from(body, 'utf8'),
  ...change,
});

const neverAsked = (): never => {
  throw new Error('A delivery was not read by itself.');
};
const noHttp: AccountHttp = {
  read: neverAsked,
  send: neverAsked,
  isGivenUp: neverAsked,
  readsWithin: neverAsked,
};

/** An account that no provider is asked about. */
export const accessWith = <Credentials>(credentials: Credentials, now: Date): AccountAccess<Credentials> => ({
  code: 'account',
  credentials,
  options: {},
  http: noHttp,
  clock: { now: () => now },
});

/** The only message of what was taken; fails otherwise. */
export function messageOf(reading: WebhookReading): WebhookMessage {
  expect(reading).toMatchObject({ kind: 'taken', answer: { status: 200 } });
  const messages = reading.kind === 'taken' ? reading.messages : [];
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

/** Why it was refused, or what else became of it. */
export const verdictOf = (reading: WebhookReading): string =>
  reading.kind === 'refused' ? reading.reason : reading.kind;

/** Every copy of some bytes in which one bit is another. */
export function* withOneBitFlipped(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const copy = Buffer.from(bytes);
    copy[bit >> 3]! ^= 1 << (bit & 7);
    yield copy;
  }
}

/** What the table of deliveries takes, and what may stand in a log or a look-up. */
export function expectStorable(reading: WebhookReading): void {
  expect(['taken', 'refused']).toContain(reading.kind);
  for (const { event, deduplicationKey, subject } of reading.kind === 'taken' ? reading.messages : []) {
    expect(event).toMatch(/^[a-z._]{1,100}$/);
    expect(deduplicationKey).toMatch(/^[ -~]{1,300}$/);
    expect(subject.providerRefundId ?? 'none').toMatch(/^[\w-]{1,255}$/);
    expect(subject.providerPaymentId).toMatch(/^[\w-]{1,255}$/);
    expect(subject.ourReference ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}$/);
  }
}
