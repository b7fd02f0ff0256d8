import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAccountHttp } from '../../../src/providers/http.ts';
import type { WebhookRequest } from '../../../src/providers/webhook.ts';
import { webhookReceiver } from '../../../src/providers/yandex-pay/webhook.ts';
import type { Access } from '../../../src/providers/yandex-pay/read.ts';
import { yandexPayJwks, type YandexPaySigningKey } from '../../../src/testing/yandex-pay-delivery.ts';
import { type Script, type SeenRequest, startScriptedProvider } from '../../support/scripted-provider.ts';
import { KEY, MERCHANT_ID } from './account.ts';

/** When the token of the documentation's form was signed. */
export const SIGNED_AT = new Date('2026-11-23T00:00:00Z');

export const ec = (kid: string): YandexPaySigningKey & { readonly privateKey: JsonWebKey } => ({
  kid,
  privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
});

/** A refund that ended well. */
export const refunded = {
  operationId: '6f1b9a52-3c55-4a3e-8a0d-1f2e3d4c5b6a',
  externalOperationId: KEY,
  operationType: 'REFUND',
  orderId: 'order-7781',
  status: 'SUCCESS',
};

export const event = (more: object = {}): object => ({
  merchantId: MERCHANT_ID,
  event: 'OPERATION_STATUS_UPDATED',
  eventTime: '2026-11-23T00:00:00.000000+00:00',
  operation: refunded,
  ...more,
});

export const bodyOf = (body: string | Buffer): WebhookRequest => ({
  method: 'POST',
  query: '',
  headers: { 'content-type': 'application/octet-stream' },
  body: Buffer.from(body),
});

/** An account that takes webhooks, at a provider whose keys the test decides; closed with the test. */
export async function openReceiver(keys: readonly YandexPaySigningKey[] | (() => Script) = []) {
  const account = await startReceiver(keys);
  onTestFinished(account.close);
  return account;
}

export async function startReceiver(keys: readonly YandexPaySigningKey[] | (() => Script) = []) {
  const clock = { at: SIGNED_AT, now: () => clock.at, monotonicMs: () => performance.now() };
  const published = { keys: typeof keys === 'function' ? [] : keys };
  const answer = typeof keys === 'function' ? keys : (): Script => ({ body: yandexPayJwks(published.keys) });
  const provider = await startScriptedProvider(({ path }: SeenRequest) =>
    path === '/api/jwks' ? answer() : { status: 500 },
  );
  const http = createAccountHttp({
    accountCode: 'pay',
    provider: 'yandex-pay',
    baseUrl: `${provider.url}/api/merchant`,
    otherBaseUrls: { keys: `${provider.url}/api/` },
    maxInFlight: 4,
    requestsPerSecond: 10_000,
    log: pino({ level: 'silent' }),
    clock,
    breaker: 'never',
  });
  const access: Access = {
    code: 'pay',
    credentials: { apiKey: 'the-api-key', merchantId: MERCHANT_ID },
    options: { edition: 'ru', currency: 'RUB' },
    http,
    clock,
  };
  const receiver = webhookReceiver();
  return {
    provider,
    close: async (): Promise<void> => {
      await http.close();
      await provider.close();
    },
    /** The keys that are published from now on. */
    publish: (now: readonly YandexPaySigningKey[]): void => {
      published.keys = now;
    },
    pass: (seconds: number): void => {
      clock.at = new Date(clock.at.getTime() + seconds * 1000);
    },
    read: async (body: string | Buffer) => receiver.read(access, bodyOf(body)),
    /** The word for what became of it. */
    fate: async (body: string | Buffer): Promise<string> => {
      const reading = await receiver.read(access, bodyOf(body));
      return reading.kind === 'refused' ? reading.reason : reading.kind;
    },
  };
}
