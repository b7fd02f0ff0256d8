import type { Provider, ProviderAdapter, ProviderCode } from './provider.ts';
import { razorpayProvider } from './razorpay/index.ts';
import { yandexPayProvider } from './yandex-pay/index.ts';
import { yookassaProvider } from './yookassa/index.ts';

/** Every provider, by its code. */
export const providers: Readonly<Record<ProviderCode, Provider>> = {
  yookassa: yookassaProvider,
  razorpay: razorpayProvider,
  'yandex-pay': yandexPayProvider,
};

/** Every adapter, each variant of a provider by itself. */
export const allAdapters: readonly ProviderAdapter[] = Object.values(providers).flatMap(
  ({ adapters }) => adapters,
);

/** The adapter by which a provider is usually reached. */
export function usualAdapterOf(code: ProviderCode): ProviderAdapter {
  const [usual] = providers[code].adapters;
  if (usual === undefined) throw new TypeError(`The provider ${code} has no adapter.`);
  return usual;
}
