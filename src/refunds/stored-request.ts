import type { Attempt } from '../db/legs.ts';
import type { NewAttempt } from '../db/refunds.ts';
import type { WireRequest } from '../providers/http.ts';
import type { ProviderAdapter } from '../providers/provider.ts';

/** The exact bytes under their key, as they are stored before they are sent (MONEY section 3). */
export const storedRequest = (
  adapter: ProviderAdapter,
  providerKey: string,
  request: WireRequest,
): NewAttempt => ({
  provider_key: providerKey,
  wire_version: `${adapter.code}/${adapter.wireVersion}`,
  method: request.method,
  path: request.path,
  headers: JSON.stringify(request.headers),
  body: request.body,
});

/** The stored bytes as they are sent, the first time and every other. */
export const requestOf = (stored: Pick<Attempt, 'method' | 'path' | 'headers' | 'body'>): WireRequest => ({
  method: stored.method === 'GET' ? 'GET' : 'POST',
  path: stored.path,
  headers: stored.headers,
  body: stored.body,
});
