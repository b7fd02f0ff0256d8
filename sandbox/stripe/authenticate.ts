import type { IncomingHttpHeaders } from 'node:http';
import { ACCOUNTS, type StripeAccount } from './accounts.ts';
import { ApiError } from './api-error.ts';

const SHOWN_CHARACTERS = 4;

/**
 * The account of `Authorization: Bearer sk_test_…`; throws the 401 of the provider. `Stripe-Account` may only name the
 * account of the key itself: connected accounts are not simulated. Throws 403 for another one.
 */
export function authenticate(headers: IncomingHttpHeaders): StripeAccount {
  const [, key] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (key === undefined) throw new ApiError('keyMissing');
  const account = ACCOUNTS.find(({ apiKey }) => apiKey === key);
  if (account === undefined) throw new ApiError('keyInvalid', { id: masked(key) });
  const named = headers['stripe-account'];
  if (named !== undefined && named !== account.accountId)
    throw new ApiError('accountForeign', { id: String(named) });
  return account;
}

/** The account, when the credentials are right. */
export function recognize(headers: IncomingHttpHeaders): StripeAccount | undefined {
  try {
    return authenticate(headers);
  } catch {
    return undefined;
  }
}

function masked(key: string): string {
  return key.slice(-SHOWN_CHARACTERS).padStart(key.length, '*');
}
