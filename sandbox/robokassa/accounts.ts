/** A shop that the simulator knows: one password for the checkout and holds, one for look-ups, one for refunds. */
export interface Shop {
  account: string;
  merchantLogin: string;
  password1: string;
  password2: string;
  password3: string;
}

/** The shops of the sandbox with their credentials, which work nowhere else. */
export const SHOPS: readonly Shop[] = [
  {
    account: 'robokassa-demo',
    merchantLogin: 'demo-shop',
    password1: 'pass1-secret',
    password2: 'pass2-secret',
    password3: 'pass3-secret',
  },
  {
    account: 'robokassa-other',
    merchantLogin: 'other-shop',
    password1: 'other-pass1-secret',
    password2: 'other-pass2-secret',
    password3: 'other-pass3-secret',
  },
];

/** Finds a shop by account code or by MerchantLogin. */
export function findShop(name: string): Shop | undefined {
  return SHOPS.find((shop) => shop.account === name || shop.merchantLogin === name);
}

/** The shop that calls itself by this MerchantLogin. */
export function findLogin(merchantLogin: string | null | undefined): Shop | undefined {
  return SHOPS.find((shop) => shop.merchantLogin === merchantLogin);
}

/** The shop that a payment names; every stored payment names a known one. */
export function getShop(merchantLogin: string): Shop {
  const shop = findLogin(merchantLogin);
  if (shop === undefined) throw new Error(`unknown shop ${merchantLogin}`);
  return shop;
}
