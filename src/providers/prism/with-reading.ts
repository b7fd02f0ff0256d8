import type { AccountHttp, WireResult } from '../http.ts';
import type { ProviderAdapter } from '../provider.ts';
import type { ConnectorCall } from './connector-call.ts';

/**
 * Keeps with the evidence of every send what the library makes of the answer. It decides nothing: it compares neither
 * amount nor currency, takes an accepted refund for a successful one and throws for words that it does not know, so that
 * the adapter reads the raw answer itself.
 */
export const withReading = (adapter: ProviderAdapter, call: ConnectorCall): ProviderAdapter => ({
  ...adapter,
  async sendRefund(access, request, order, mayStillSend) {
    let sent: WireResult | undefined;
    const http: AccountHttp = {
      read: (one, secrets) => access.http.read(one, secrets),
      send: async (one, secrets, options) => (sent = await access.http.send(one, secrets, options)),
      isGivenUp: () => access.http.isGivenUp(),
      readsWithin: (durationMs) => access.http.readsWithin(durationMs),
    };
    const outcome = await adapter.sendRefund({ ...access, http }, request, order, mayStillSend);
    if (sent?.kind !== 'answer') return outcome;
    const { providerPaymentId: paymentId, amount } = order;
    return { ...outcome, evidence: { ...outcome.evidence, ...call.reading({ paymentId, amount }, sent) } };
  },
});
