import type { Provider, ProviderAdapter, ProviderCode } from './provider.ts';
import { prismProvider } from './prism/index.ts';
import { razorpayProvider } from './razorpay/index.ts';
import { robokassaProvider } from './robokassa/index.ts';
import { stripe, stripeProvider } from './stripe/index.ts';
import { yandexPayProvider } from './yandex-pay/index.ts';
import { yookassaProvider } from './yookassa/index.ts';

/** Every provider, by its code. */
export const providers: Providers = {
  yookassa: yookassaProvider,
  razorpay: razorpayProvider,
  robokassa: robokassaProvider,
  stripe: stripeProvider,
  // The one place that knows both: what Prism does by connector stripe, the built-in adapter can do.
  prism: prismProvider({ stripe }),
  'yandex-pay': yandexPayProvider,
};

export type Providers = Readonly<Record<ProviderCode, Provider>>;

/** Every adapter, each variant of a provider by itself. */
export const adaptersOf = (all: Providers): readonly ProviderAdapter[] =>
  Object.values(all).flatMap(({ adapters }) => adapters);

export const allAdapters: readonly ProviderAdapter[] = adaptersOf(providers);

/**
 * The providers with what those of these accounts need loaded. Never rejects: what does not load says so in the
 * `availability` of its adapters, and the rest works.
 */
export async function loadProviders(usedCodes: readonly string[]): Promise<Providers> {
  const loaded = await Promise.all(
    Object.values(providers).map(async (provider) =>
      provider.load !== undefined && usedCodes.includes(provider.code) ? provider.load() : provider,
    ),
  );
  // Every code has its provider, as before.
  return Object.fromEntries(loaded.map((provider) => [provider.code, provider])) as Record<
    ProviderCode,
    Provider
  >;
}

/** The adapter by which a provider is usually reached. */
export function usualAdapterOf(code: ProviderCode): ProviderAdapter {
  const [usual] = providers[code].adapters;
  if (usual === undefined) throw new TypeError(`The provider ${code} has no adapter.`);
  return usual;
}
