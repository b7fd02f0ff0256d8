import type { Provider, ProviderAdapter, ProviderCode } from './provider.ts';
import { prismProvider } from './prism/index.ts';
import { razorpayProvider } from './razorpay/index.ts';
import { robokassaProvider } from './robokassa/index.ts';
import { stripe, stripeProvider } from './stripe/index.ts';
import { yandexPayProvider } from './yandex-pay/index.ts';
import { yookassaProvider } from './yookassa/index.ts';

/** What a service can work with, in the order in which it is told. */
export type Providers = readonly Provider[];

/** Every provider. All that is told of them, the enum of the schema included, follows from this list. */
export const providers: Providers = [
  yookassaProvider,
  razorpayProvider,
  robokassaProvider,
  stripeProvider,
  // The one place that knows both: what Prism does by connector stripe, the built-in adapter can do.
  prismProvider({ stripe }),
  yandexPayProvider,
];

/** Every adapter, each variant of a provider by itself. */
export const adaptersOf = (all: Providers): readonly ProviderAdapter[] =>
  all.flatMap(({ adapters }) => adapters);

export const allAdapters: readonly ProviderAdapter[] = adaptersOf(providers);

/**
 * The providers with what those of these accounts need loaded. Never rejects: what does not load says so in the
 * `availability` of its adapters, and the rest works.
 */
export const loadProviders = (usedCodes: readonly string[], all: Providers = providers): Promise<Providers> =>
  Promise.all(
    all.map(async (provider) =>
      provider.load !== undefined && usedCodes.includes(provider.code) ? provider.load() : provider,
    ),
  );

/** The adapter by which a provider is usually reached: the first of its own. */
export function usualAdapterOf(
  code: ProviderCode,
  adapters: readonly ProviderAdapter[] = allAdapters,
): ProviderAdapter {
  const usual = adapters.find((adapter) => adapter.code === code);
  if (usual === undefined) throw new TypeError(`The provider ${code} has no adapter.`);
  return usual;
}
