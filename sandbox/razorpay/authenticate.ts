import type { IncomingHttpHeaders } from 'node:http';
import { ACCOUNTS, type MerchantAccount, PARTNER_ACCOUNT_ID, PARTNER_PAIRS } from './accounts.ts';
import { ApiError } from './api-error.ts';

/** Whose books a call is about. Every id of the API is scoped to them. */
export interface Principal {
  /** The account's code, or that of the partner itself. */
  account: string;
  /** What payments, refunds and keys are filed under: the account id, and another place for live mode. */
  scope: string;
}

/**
 * The principal of `Authorization: Basic …` with a key pair, or with a partner's client pair and `X-Razorpay-Account`.
 * The scheme is case-sensitive (docs api/authentication). Throws the 401 of the provider.
 */
export function authenticate(headers: IncomingHttpHeaders): Principal {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(headers.authorization ?? '') ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (id === undefined) throw new ApiError('authorizationFormat');
  const named = headers['x-razorpay-account'];
  const merchant = ACCOUNTS.find(({ keyId }) => keyId === id);
  if (merchant !== undefined) {
    if (merchant.keySecret !== secret) throw new ApiError('secretInvalid');
    if (named !== undefined && named !== merchant.accountId) throw new ApiError('accountUnknown');
    return principalOf(merchant, false);
  }
  const pair = PARTNER_PAIRS.find(({ clientId }) => clientId === id);
  if (pair === undefined) throw new ApiError('keyInvalid');
  if (pair.clientSecret !== secret) throw new ApiError('secretInvalid');
  if (named === undefined) return { account: 'razorpay-partner', scope: PARTNER_ACCOUNT_ID };
  const account = ACCOUNTS.find(({ accountId }) => accountId === named);
  if (account === undefined) throw new ApiError('accountUnknown');
  return principalOf(account, pair.live);
}

/** The principal, when the credentials are right. */
export function recognize(headers: IncomingHttpHeaders): Principal | undefined {
  try {
    return authenticate(headers);
  } catch {
    return undefined;
  }
}

function principalOf({ account, accountId }: MerchantAccount, live: boolean): Principal {
  return { account, scope: live ? `${accountId}/live` : accountId };
}
