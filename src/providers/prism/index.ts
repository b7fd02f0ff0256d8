import { noOptions } from '../no-options.ts';
import type { Provider, ProviderAdapter } from '../provider.ts';
import { adyen } from './adyen/index.ts';
import { checkout } from './checkout/index.ts';
import { credentials, identityOf, identitySpaceOf, type PrismCredentials } from './credentials.ts';
import { loadLibrary, type LoadedLibrary } from './library.ts';
import { nativeStripe, substituted } from './stripe.ts';
import { unavailableAdapter } from './unavailable.ts';

/** What takes the place of a connector where the library does not load. */
export interface BuiltIn {
  readonly stripe: ProviderAdapter;
}

const notLoaded = 'No account uses it, so that the library was not loaded.';

/**
 * Hyperswitch Prism (github.com/juspay/hyperswitch-prism): one library over many connectors, of which those with a truth
 * of their own here can be used. The library is loaded once, when an account needs it.
 */
export function prismProvider(
  builtIn: BuiltIn,
  load: () => Promise<LoadedLibrary> = loadLibrary,
): Provider<PrismCredentials> {
  const provider = (loaded: LoadedLibrary): Provider<PrismCredentials> => ({
    code: 'prism',
    displayName: 'Hyperswitch Prism',
    settings: {
      credentials,
      options: noOptions,
      identityOf,
      identitySpaceOf: (_options, given) => identitySpaceOf(given),
      // Compulsory: the defaults of the library lead to a sandbox for some connectors.
      defaultRequestsPerSecond: 25,
    },
    adapters: variants(builtIn, loaded),
    adapterOf: (_options, given) => adapterOf(builtIn, loaded, given),
    load: async () => provider(await load()),
  });
  return provider({ kind: 'missing', message: notLoaded });
}

function adapterOf(builtIn: BuiltIn, loaded: LoadedLibrary, given: PrismCredentials): ProviderAdapter {
  if (loaded.kind === 'missing')
    return given.connector === 'stripe'
      ? substituted(builtIn.stripe, substitution(loaded.message))
      : unavailableAdapter(given.connector, loaded.message);
  const { library, halves } = loaded;
  switch (given.connector) {
    case 'stripe':
      return nativeStripe(builtIn.stripe, library, halves, given);
    case 'adyen':
      return adyen(library, halves, given);
    case 'checkout':
      return checkout(library, halves, given);
  }
}

const substitution = (why: string): string =>
  `The built-in Stripe adapter does the work of connector stripe. ${why}`;

/** One of each, for documentation; without credentials they can only be looked at. */
function variants(builtIn: BuiltIn, loaded: LoadedLibrary): ProviderAdapter[] {
  const shown: readonly PrismCredentials[] = [
    { connector: 'stripe', apiKey: 'shown', accountId: 'acct_shown' },
    { connector: 'adyen', apiKey: 'shown', merchantAccount: 'shown' },
    { connector: 'checkout', apiKey: 'shown', apiSecret: 'shown', processingChannelId: 'shown' },
  ];
  return shown.map((given) => adapterOf(builtIn, loaded, given));
}
