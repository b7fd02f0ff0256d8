import type { WireRequest } from '../http.ts';
import { REQUEST_TIMEOUT_MS } from './capabilities.ts';

/**
 * A POST under an id of its own (pay.yandex.ru/docs, "Headers"): the provider answers a repetition with what it answered
 * first. `sends` makes the id of bytes that were made anew another one, since a stored refusal might be repeated.
 */
export const write = (
  path: string,
  body: string | null,
  providerKey: string,
  sends: number,
): WireRequest => ({
  method: 'POST',
  path,
  headers: {
    ...(body === null ? {} : { 'Content-Type': 'application/json' }),
    'X-Request-Id': `${providerKey}-${sends}`,
    'X-Request-Timeout': String(REQUEST_TIMEOUT_MS),
  },
  body,
});

/** The path of an order, below a version. */
export const orderPath = (version: 'v1' | 'v2', orderId: string, action: string): string =>
  `/${version}/orders/${encodeURIComponent(orderId)}/${action}`;

/** With the number of the try, from 0: it is no part of what is stored, and only for the provider's own diagnosis. */
export const numbered = (request: WireRequest, sends: number): WireRequest => ({
  ...request,
  headers: { ...request.headers, 'X-Request-Attempt': String(sends) },
});
