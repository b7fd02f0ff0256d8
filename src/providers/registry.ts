import type { ProviderAdapter, ProviderCode } from './provider.ts';
import { yookassa } from './yookassa/index.ts';

/** Every provider's adapter, by its code. */
export const adapters: Readonly<Record<ProviderCode, ProviderAdapter>> = { yookassa };

export function adapterFor(code: ProviderCode): ProviderAdapter {
  return adapters[code];
}
