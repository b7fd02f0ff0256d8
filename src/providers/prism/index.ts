import { noOptions } from '../no-options.ts';
import type { Provider, ProviderAdapter } from '../provider.ts';
import { adyen } from './adyen/index.ts';
import { checkout } from './checkout/index.ts';
import { connectorCall, noConnectorCall, type ConnectorCall } from './connector-call.ts';
import {
  connectorFields,
  credentials,
  identityOf,
  identitySpaceOf,
  type PrismCredentials,
} from './credentials.ts';
import { loadLibrary, type LoadedLibrary } from './library.ts';
import { nativeStripe, substituted } from './stripe.ts';
import { withReading } from './with-reading.ts';
import { withoutLibrary } from './without-library.ts';

/** What takes the place of a connector where the library does not load. */
export interface BuiltIn {
  readonly stripe: ProviderAdapter;
}

const notLoaded: LoadedLibrary = {
  kind: 'missing',
  message: 'No account uses the library, so that it was not loaded.',
};

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
    description: 'Hyperswitch Prism: one library over many connectors.',
    settings: {
      credentials,
      options: noOptions,
      identityOf,
      identitySpaceOf: (_options, given) => identitySpaceOf(given),
      // No base URL: the defaults of the library lead to a sandbox for some connectors.
      defaultRequestsPerSecond: 25,
    },
    adapters: variants.map((given) => adapterOf(builtIn, loaded, given)),
    adapterOf: (_options, given) => adapterOf(builtIn, loaded, given),
    load: async () => provider(await load()),
  });
  return provider(notLoaded);
}

/** One of each connector, to be looked at: nothing is sent with these. */
const variants: readonly PrismCredentials[] = [
  { connector: 'stripe', apiKey: 'shown', accountId: 'acct_shown' },
  { connector: 'adyen', apiKey: 'shown', merchantAccount: 'shown' },
  { connector: 'checkout', apiKey: 'shown', apiSecret: 'shown', processingChannelId: 'shown' },
];

function adapterOf(builtIn: BuiltIn, loaded: LoadedLibrary, given: PrismCredentials): ProviderAdapter {
  if (loaded.kind === 'loaded') {
    const call = connectorCall(loaded.library, loaded.halves, given.connector, connectorFields(given));
    return withReading(nativeAdapter(builtIn, given, call), call);
  }
  const { message } = loaded;
  return given.connector === 'stripe'
    ? substituted(builtIn.stripe, `The built-in Stripe adapter does the work of connector stripe. ${message}`)
    : withoutLibrary(nativeAdapter(builtIn, given, noConnectorCall(message)), message);
}

function nativeAdapter(builtIn: BuiltIn, given: PrismCredentials, call: ConnectorCall): ProviderAdapter {
  switch (given.connector) {
    case 'stripe':
      return nativeStripe(builtIn.stripe, call);
    case 'adyen':
      return adyen(call, { isTold: given.webhookSecrets !== undefined });
    case 'checkout':
      return checkout(call);
  }
}
