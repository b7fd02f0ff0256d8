import type { WireRequest } from '../http.ts';
import { API_VERSION } from './wire.ts';

/** A POST with a form (docs.stripe.com/api: bodies are form-encoded), its fields in this order. */
export function post(
  path: string,
  fields: readonly (readonly [name: string, value: string])[],
  headers: Readonly<Record<string, string>>,
): WireRequest {
  return {
    method: 'POST',
    path,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Stripe-Version': API_VERSION,
      ...headers,
    },
    body: new URLSearchParams(fields.map(([name, value]) => [name, value])).toString(),
  };
}
