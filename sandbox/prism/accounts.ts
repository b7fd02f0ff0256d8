import type { ConnectorName } from './records.ts';

/** A merchant with credentials at every connector. Another account's ids behave as non-existent. */
export interface MerchantAccount {
  /** The code of the control API. */
  account: string;
  adyen: { apiKey: string; merchantAccount: string; reviewKey: string; hmacKey: string };
  checkout: { apiKey: string; apiSecret: string; processingChannelId: string };
}

export const DEFAULT_ACCOUNT = 'prism-demo';

/** The merchants of the sandbox. The HMAC key of the first one is that of the vector in the tests. */
export const ACCOUNTS: readonly MerchantAccount[] = [
  {
    account: DEFAULT_ACCOUNT,
    adyen: {
      apiKey: 'AQE-sim-demo-api-key',
      merchantAccount: 'SimDemoECOM',
      reviewKey: 'sim-demo-review-key',
      hmacKey: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    },
    checkout: {
      apiKey: 'pk_sbox_simdemo',
      apiSecret: 'sk_sbox_simdemo',
      processingChannelId: 'pc_simdemo00000000000000000',
    },
  },
  {
    account: 'prism-other',
    adyen: {
      apiKey: 'AQE-sim-other-api-key',
      merchantAccount: 'SimOtherECOM',
      reviewKey: 'sim-other-review-key',
      hmacKey: '009E9E92268087AAD241638D3325201AFA8B0ACD0D9E3C3F1B8A0F8EBAFE5C11',
    },
    checkout: {
      apiKey: 'pk_sbox_simother',
      apiSecret: 'sk_sbox_simother',
      processingChannelId: 'pc_simother0000000000000000',
    },
  },
];

export function findAccount(code: string): MerchantAccount | undefined {
  return ACCOUNTS.find(({ account }) => account === code);
}

/** The account that a record names; every stored one names a known one. */
export function getAccount(code: string): MerchantAccount {
  const account = findAccount(code);
  if (account === undefined) throw new Error(`unknown account ${code}`);
  return account;
}

/** An account's credentials at a connector as the control API shows them; the webhook secret is added by its sender. */
export function credentialsOf(owner: MerchantAccount, connector: ConnectorName): Record<string, string> {
  if (connector === 'checkout') return { ...owner.checkout };
  const { apiKey, merchantAccount, reviewKey } = owner.adyen;
  return { apiKey, merchantAccount, reviewKey };
}
