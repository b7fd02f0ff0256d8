import type { ProviderAdapter, ProviderCode } from './provider.ts';
import { razorpay } from './razorpay/index.ts';
import { yookassa } from './yookassa/index.ts';

/** Every provider's adapter, by its code. */
export const adapters: Readonly<Record<ProviderCode, ProviderAdapter>> = { yookassa, razorpay };

export function adapterFor(code: ProviderCode): ProviderAdapter {
  return adapters[code];
}
