import { ApiError } from './api-error.ts';
import { SHOPS, type Shop } from './accounts.ts';

/** The shop of `Authorization: Basic base64(shopId:secretKey)`; throws the 401 of the provider. */
export function authenticate(header: string | undefined): Shop {
  const match = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '');
  const [, shopId, secretKey] =
    /^(\d+):(.*)$/s.exec(Buffer.from(match?.[1] ?? '', 'base64').toString('utf8')) ?? [];
  if (shopId === undefined) throw new ApiError(401, 'invalid_credentials', 'loginFormat');
  const shop = SHOPS.find((candidate) => candidate.shopId === shopId && candidate.secretKey === secretKey);
  if (shop === undefined) throw new ApiError(401, 'invalid_credentials', 'invalidCredentials');
  return shop;
}

/** The shop, when the credentials are right. */
export function recognize(header: string | undefined): Shop | undefined {
  try {
    return authenticate(header);
  } catch {
    return undefined;
  }
}
