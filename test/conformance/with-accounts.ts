import type { Config } from '../../src/config.ts';
import type { Configured } from './subjects.ts';

/** The first merchant with these accounts, in place of those of the same codes. */
export function withAccounts(
  merchants: Config['merchants'],
  accounts: readonly (Configured | undefined)[],
): Config['merchants'] {
  return accounts.reduce(
    (known, account) => (account === undefined ? known : withAccount(known, account)),
    merchants,
  );
}

function withAccount(merchants: Config['merchants'], account: Configured): Config['merchants'] {
  const limits = { maxInFlight: 8, requestsPerSecond: 10_000, minLookIntervalMs: 0 };
  return merchants.map((merchant, index) =>
    index === 0
      ? {
          ...merchant,
          accounts: [
            ...merchant.accounts.filter(({ code }) => code !== account.code),
            { ...account, ...limits },
          ],
        }
      : merchant,
  );
}
