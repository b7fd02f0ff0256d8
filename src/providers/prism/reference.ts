import type { WireRequest } from '../http.ts';

/** Our key, as it stands in the stored bytes of a refund of adyen or checkout. */
export function referenceOf({ body }: Pick<WireRequest, 'body'>): string | null {
  const stored: unknown = body === null ? null : JSON.parse(body);
  return typeof stored === 'object' && stored !== null && 'reference' in stored
    ? String(stored.reference)
    : null;
}
