import { createKeyDirectory } from '../access/principal.ts';
import type { MerchantConfig } from '../config.ts';
import type { Viewer } from '../context.ts';
import type { Tenants } from '../db/tenants.ts';
import type { Authenticate } from '../server/authenticate.ts';

/** From a key to its viewer with the ids of the rows: what the directory knows, made once. */
export function authenticateViewers(merchants: readonly MerchantConfig[], tenants: Tenants): Authenticate {
  const directory = createKeyDirectory(merchants);
  const viewers = new Map<string, Viewer>();
  for (const merchant of merchants) {
    for (const key of merchant.keys) {
      viewers.set(`${merchant.code} ${key.name}`, {
        merchantId: tenants.merchants.get(merchant.code)!,
        merchantCode: merchant.code,
        keyId: tenants.keys.get(key.sha256)!,
        keyName: key.name,
        scopes: new Set(key.scopes),
      });
    }
  }
  return (authorization) => {
    const principal = directory.authenticate(authorization);
    return principal && viewers.get(`${principal.merchantCode} ${principal.keyName}`);
  };
}
