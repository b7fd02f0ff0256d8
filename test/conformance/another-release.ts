import type { Provider } from '../../src/providers/provider.ts';

/** The same provider, but every refund has other bytes. */
export const ofAnotherRelease = (provider: Provider): Provider => ({
  ...provider,
  adapterOf(options, credentials) {
    const adapter = provider.adapterOf(options, credentials);
    return {
      ...adapter,
      wireVersion: 'of-another-release',
      buildRefund: (order) => {
        const request = adapter.buildRefund(order);
        return { ...request, body: `${request.body} ` };
      },
    };
  },
  ...(provider.load && { load: async () => ofAnotherRelease(await provider.load!()) }),
});
