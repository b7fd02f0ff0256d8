/** A merchant of one of the two regional editions. Another merchant's orders look like absent ones. */
export interface Merchant {
  /** The code of the control API. */
  account: string;
  /** In the sandbox of the provider also the API key. */
  merchantId: string;
  edition: 'russia' | 'uzbekistan';
}

/** The merchants of the sandbox; their keys work nowhere else. */
export const MERCHANTS: readonly Merchant[] = [
  { account: 'yandex-pay-demo', merchantId: '0b6f2c1e-6f0a-5d3e-9a54-3f6d2a7c8e10', edition: 'russia' },
  { account: 'yandex-pay-uz', merchantId: '1c7f3d2f-701b-5e4f-8b65-407e3b8d9f21', edition: 'uzbekistan' },
  { account: 'yandex-pay-other', merchantId: '2d804e30-812c-4f50-9c76-518f4c9ea032', edition: 'russia' },
];

/** Finds a merchant by account code or by Merchant ID. */
export function findMerchant(name: string): Merchant | undefined {
  return MERCHANTS.find(({ account, merchantId }) => account === name || merchantId === name);
}

/** The merchant that an order names; every stored order names a known one. */
export function getMerchant(merchantId: string): Merchant {
  const merchant = MERCHANTS.find((candidate) => candidate.merchantId === merchantId);
  if (merchant === undefined) throw new Error(`unknown merchant ${merchantId}`);
  return merchant;
}
