import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { MerchantConfig } from '../config.ts';
import type { Tenants } from '../db/tenants.ts';
import { createConnections, type Connection, type Connections } from '../providers/connections.ts';
import { createAccountHttp, type ClosableAccountHttp } from '../providers/http.ts';
import { adapters } from '../providers/registry.ts';

export interface ConnectedAccounts {
  readonly connections: Connections;
  /** Lets running provider calls end, then closes every socket. */
  close(): Promise<void>;
}

/** One HTTP client per configured account, bound to its adapter. Nothing is sent yet. */
export function connectAccounts(
  merchants: readonly MerchantConfig[],
  tenants: Tenants,
  kernel: { readonly log: Logger; readonly clock: Clock },
): ConnectedAccounts {
  const clients: ClosableAccountHttp[] = [];
  const all = merchants.flatMap((merchant) =>
    merchant.accounts.map((account): Connection => {
      const adapter = Object.values(adapters).find(({ code }) => code === account.provider);
      if (adapter === undefined) throw new TypeError(`No adapter for the provider ${account.provider}.`);
      const http = createAccountHttp({
        clock: kernel.clock,
        log: kernel.log.child({ merchant: merchant.code }),
        accountCode: account.code,
        provider: account.provider,
        baseUrl: account.baseUrl,
        maxInFlight: account.maxInFlight,
        requestsPerSecond: account.requestsPerSecond ?? adapter.settings.defaultRequestsPerSecond,
      });
      clients.push(http);
      return {
        accountId: tenants.accounts.get(account.code)!,
        merchantId: tenants.merchants.get(merchant.code)!,
        accountCode: account.code,
        adapter,
        access: { code: account.code, credentials: account.credentials, http, clock: kernel.clock },
        minLookIntervalMs: account.minLookIntervalMs,
        arrivalDays: account.arrivalDays,
        maxInFlight: account.maxInFlight,
      };
    }),
  );
  return {
    connections: createConnections(all),
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
