/** An account with its own payments. Another account's ids behave as non-existent. */
export interface MerchantAccount {
  /** The code of the control API. */
  account: string;
  accountId: string;
  keyId: string;
  keySecret: string;
  webhookSecret: string;
}

/** One pair of partner credentials; its mode selects the mode of the sub-merchant. */
export interface PartnerPair {
  clientId: string;
  clientSecret: string;
  live: boolean;
}

/** The sub-merchants of the one partner, with credentials that work nowhere else. */
export const ACCOUNTS: readonly MerchantAccount[] = [
  {
    account: 'razorpay-demo',
    accountId: 'acc_SimSub00000001',
    keyId: 'rzp_test_SimKey00000001',
    keySecret: 'SimKeySecret0001',
    webhookSecret: 'whsec-curlec-test-1',
  },
  {
    account: 'razorpay-other',
    accountId: 'acc_SimSub00000002',
    keyId: 'rzp_test_SimKey00000002',
    keySecret: 'SimKeySecret0002',
    webhookSecret: 'whsec-curlec-test-2',
  },
];

/** The partner's pairs. Live books exist but are empty: every payment of the sandbox is a test payment. */
export const PARTNER_PAIRS: readonly PartnerPair[] = [
  { clientId: 'PartnerClient01', clientSecret: 's3cr3t-Part/ner', live: false },
  { clientId: 'PartnerClient02', clientSecret: 'l1ve-s3cr3t-Part/ner', live: true },
];

/** The partner's own account, which a call without `X-Razorpay-Account` is about. It has no payments. */
export const PARTNER_ACCOUNT_ID = 'acc_SimPartner0001';

/** Finds an account by its code or its id. */
export function findAccount(name: string): MerchantAccount | undefined {
  return ACCOUNTS.find(({ account, accountId }) => account === name || accountId === name);
}

/** The account that a payment names; every stored payment names a known one. */
export function getAccount(accountId: string): MerchantAccount {
  const account = ACCOUNTS.find((candidate) => candidate.accountId === accountId);
  if (account === undefined) throw new Error(`unknown account ${accountId}`);
  return account;
}
