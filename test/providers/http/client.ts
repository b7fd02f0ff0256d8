import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import {
  type AccountHttpOptions,
  type ClosableAccountHttp,
  type WireRequest,
  createAccountHttp,
} from '../../../src/providers/http.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';

export const post: WireRequest = {
  method: 'POST',
  path: '/refunds',
  headers: { 'content-type': 'application/json' },
  body: '{"amount":"1.00"}',
};
export const get: WireRequest = {
  method: 'GET',
  path: '/refunds?payment_id=p-1&limit=100',
  headers: {},
  body: null,
};
export const secret = { authorization: 'Basic c2VjcmV0LWNhbmFyeQ==' };
export const always = { deadlineMs: 5000, mayStillSend: () => true };

/** Closed with the test. */
export async function server(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const started = await startRawServer(answer);
  onTestFinished(() => started.close());
  return started;
}

/** Closed with the test, before its server. */
export function client(baseUrl: string, more: Partial<AccountHttpOptions> = {}): ClosableAccountHttp {
  const made = createAccountHttp({
    accountCode: 'shop',
    provider: 'yookassa',
    baseUrl,
    maxInFlight: 8,
    requestsPerSecond: 1000,
    log: pino({ level: 'silent' }),
    clock: systemClock,
    ...more,
  });
  onTestFinished(() => made.close());
  return made;
}
