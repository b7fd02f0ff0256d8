/** A Stripe account with its own payments. Another account's ids behave as non-existent. */
export interface StripeAccount {
  /** The code of the control API. */
  account: string;
  accountId: string;
  apiKey: string;
  webhookSecret: string;
}

/** The account that is reached through Prism, for which the control API also says "prism". */
export const PRISM_ACCOUNT = 'prism-demo';

/** The accounts of the sandbox with credentials that work nowhere else. */
export const ACCOUNTS: readonly StripeAccount[] = [
  {
    account: 'stripe-demo',
    accountId: 'acct_SimStripe000001',
    apiKey: 'sk_test_SimStripeDemo000000000001',
    webhookSecret: 'whsec_SimStripeDemo000000000001',
  },
  {
    account: 'stripe-other',
    accountId: 'acct_SimStripe000002',
    apiKey: 'sk_test_SimStripeOther00000000002',
    webhookSecret: 'whsec_SimStripeOther00000000002',
  },
  {
    account: PRISM_ACCOUNT,
    accountId: 'acct_SimStripe000003',
    apiKey: 'sk_test_SimStripePrism00000000003',
    webhookSecret: 'whsec_SimStripePrism00000000003',
  },
];

/** Finds an account by its code or its id. */
export function findAccount(name: string): StripeAccount | undefined {
  return ACCOUNTS.find(({ account, accountId }) => account === name || accountId === name);
}

/** The account that a payment names; every stored payment names a known one. */
export function getAccount(accountId: string): StripeAccount {
  const account = ACCOUNTS.find((candidate) => candidate.accountId === accountId);
  if (account === undefined) throw new Error(`unknown account ${accountId}`);
  return account;
}
