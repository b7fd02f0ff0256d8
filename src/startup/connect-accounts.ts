import type { Logger } from 'pino';
import type { Alerts } from '../alerts.ts';
import type { Clock } from '../clock.ts';
import type { AccountConfig, MerchantConfig } from '../config.ts';
import type { Tenants } from '../db/tenants.ts';
import type { Metrics } from '../metrics.ts';
import type { BreakerLimits } from '../providers/http/breaker.ts';
import { createConnections, type Connection, type Connections } from '../providers/connections.ts';
import { createAccountHttp, type CallObserver, type ClosableAccountHttp } from '../providers/http.ts';
import { shareOfCount, shareOfRate, type Membership } from './membership.ts';
import { adaptersOf, providers as builtIn, type Providers } from '../providers/registry.ts';

export interface ConnectedAccounts {
  readonly connections: Connections;
  /** Lets running provider calls end, then closes every socket. */
  close(): Promise<void>;
}

export interface ConnectingKernel {
  readonly log: Logger;
  readonly clock: Clock;
  readonly alerts: Alerts;
  readonly metrics: Metrics;
  /** Absent: as in production. */
  readonly breaker?: BreakerLimits | 'never';
  /** Absent: this process has the limits of the accounts alone. */
  readonly membership?: Membership | undefined;
}

/**
 * One HTTP client per configured account, bound to its adapter. Nothing is sent yet.
 *
 * @param providers as they were loaded; absent: without what has to be loaded
 */
export function connectAccounts(
  merchants: readonly MerchantConfig[],
  tenants: Tenants,
  kernel: ConnectingKernel,
  providers: Providers = builtIn,
): ConnectedAccounts {
  const clients: ClosableAccountHttp[] = [];
  const all = merchants.flatMap((merchant) =>
    merchant.accounts.map((account): Connection => {
      const provider = providers.find(({ code }) => code === account.provider);
      if (provider === undefined) throw new TypeError(`No adapter for the provider ${account.provider}.`);
      const { settings } = provider;
      const { maxInFlight, requestsPerSecond } = limitsOf(account, settings, kernel.membership);
      const http = createAccountHttp({
        clock: kernel.clock,
        log: kernel.log.child({ merchant: merchant.code }),
        accountCode: account.code,
        provider: account.provider,
        baseUrl: account.baseUrl,
        otherBaseUrls: settings.otherBaseUrlsOf?.(account.options, account.baseUrl) ?? {},
        maxInFlight,
        requestsPerSecond,
        observer: observerOf(kernel, account),
        ...(kernel.breaker && { breaker: kernel.breaker }),
      });
      clients.push(http);
      return {
        accountId: tenants.accounts.get(account.code)!,
        merchantId: tenants.merchants.get(merchant.code)!,
        accountCode: account.code,
        webhookId: tenants.webhookIds.get(account.code)!,
        adapter: provider.adapterOf(account.options, account.credentials),
        access: {
          code: account.code,
          credentials: account.credentials,
          options: account.options,
          http,
          clock: kernel.clock,
        },
        minLookIntervalMs: account.minLookIntervalMs,
        arrivalDays: account.arrivalDays,
        maxInFlight,
      };
    }),
  );
  return {
    connections: createConnections(all, adaptersOf(providers)),
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** The limits of an account are what its provider takes, from however many processes; so each has its share. */
function limitsOf(
  account: AccountConfig,
  settings: { readonly defaultRequestsPerSecond: number },
  membership: Membership = { number: 1, of: 1 },
): { readonly maxInFlight: number; readonly requestsPerSecond: number } {
  const perSecond = account.requestsPerSecond ?? settings.defaultRequestsPerSecond;
  return {
    maxInFlight: shareOfCount(account.maxInFlight, membership),
    requestsPerSecond: shareOfRate(perSecond, membership),
  };
}

/** Counts every call, and calls somebody once when a provider cannot be reached for a while. */
function observerOf({ alerts, metrics }: ConnectingKernel, account: AccountConfig): CallObserver {
  const { code, provider } = account;
  // From the first scrape on.
  metrics.circuitChanged(code, false);
  return {
    called: (kind, result, durationMs) =>
      metrics.providerCalled({ account: code, provider, kind, result, durationMs }),
    circuitOpened(isNew) {
      metrics.circuitChanged(code, true);
      if (isNew) alerts.raise('ACCOUNT_UNREACHABLE', { account: code });
    },
    circuitClosed: () => metrics.circuitChanged(code, false),
  };
}
