import { type Merchant, MERCHANTS } from './accounts.ts';

/** The merchant of `Authorization: Api-Key …`; in the provider's sandbox the key is the Merchant ID. */
export function recognize(header: string | undefined): Merchant | undefined {
  const [, key] = /^Api-Key +(\S+)$/i.exec(header ?? '') ?? [];
  return MERCHANTS.find(({ merchantId }) => merchantId === key);
}
