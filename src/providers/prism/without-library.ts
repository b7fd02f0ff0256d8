import type { ProviderAdapter } from '../provider.ts';
import { unavailable } from './verdict.ts';

/**
 * An adapter whose library does not load: it is known and described, and nothing is built, sent or read. What was under
 * way waits. What a connector cannot be asked anyhow is answered as with the library.
 */
export function withoutLibrary(adapter: ProviderAdapter, message: string): ProviderAdapter {
  const failure = unavailable(message);
  const unread = () => Promise.resolve({ kind: 'unavailable', failure } as const);
  const unsent = () =>
    Promise.resolve({ kind: 'not-sent', failure, evidence: { library: 'missing' } } as const);
  return {
    ...adapter,
    availability: { kind: 'unavailable', message },
    checkRefund: (order) => [...adapter.checkRefund(order), { path: [], message }],
    sendRefund: unsent,
    sendVoid: unsent,
    ...(adapter.capabilities.readsPayments === false
      ? {}
      : { readPayment: unread, readRefund: unread, listRefunds: unread }),
  };
}
