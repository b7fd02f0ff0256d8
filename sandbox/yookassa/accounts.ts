/** A shop that the simulator knows. Payments belong to one shop; another shop's ids behave as non-existent. */
export interface Shop {
  account: string;
  shopId: string;
  secretKey: string;
  gatewayId: string;
}

/** The shops of the sandbox with their credentials, which work nowhere else. */
export const SHOPS: readonly Shop[] = [
  {
    account: 'yookassa-demo',
    shopId: '100500',
    secretKey: 'test_demo_yookassa_secret_key',
    gatewayId: '100700',
  },
  {
    account: 'yookassa-other',
    shopId: '100501',
    secretKey: 'test_other_yookassa_secret_key',
    gatewayId: '100701',
  },
];

/** Finds a shop by account code or by shopId. */
export function findShop(name: string): Shop | undefined {
  return SHOPS.find((shop) => shop.account === name || shop.shopId === name);
}

/** The shop that a payment names; every stored payment names a known one. */
export function getShop(shopId: string): Shop {
  const shop = SHOPS.find((candidate) => candidate.shopId === shopId);
  if (shop === undefined) throw new Error(`unknown shop ${shopId}`);
  return shop;
}
