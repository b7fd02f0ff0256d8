import type { AccountId, MerchantId } from '../ids.ts';
import type { AccountAccess, ProviderAdapter } from './provider.ts';

/** How many days a payer waits for the money of this account, at least and at most, by the operator's experience. */
export interface ArrivalDays {
  readonly min: number;
  readonly max: number;
}

/** A configured account, ready to be called. */
export interface Connection {
  readonly accountId: AccountId;
  readonly merchantId: MerchantId;
  readonly accountCode: string;
  /** The unguessable part of the account's webhook URL. */
  readonly webhookId: string;
  readonly adapter: ProviderAdapter;
  readonly access: AccountAccess;
  /** A refund or payment of this account is asked for at most this often, in milliseconds. */
  readonly minLookIntervalMs: number;
  /** Undefined: nobody has said. */
  readonly arrivalDays: ArrivalDays | undefined;
  /** Calls of one kind that may run at once. */
  readonly maxInFlight: number;
}

/** All configured accounts. An account that has left the configuration keeps its rows but has no connection. */
export interface Connections {
  /** In the order of the configuration. */
  all(): readonly Connection[];
  /** Every adapter that this service has, used or not. */
  adapters(): readonly ProviderAdapter[];
  find(accountId: AccountId): Connection | undefined;
  findByCode(merchantId: MerchantId, accountCode: string): Connection | undefined;
}

export function createConnections(
  all: readonly Connection[],
  adapters: readonly ProviderAdapter[],
): Connections {
  const byId = new Map(all.map((connection) => [connection.accountId, connection]));
  const byCode = new Map(
    all.map((connection) => [`${connection.merchantId} ${connection.accountCode}`, connection]),
  );
  return {
    all: () => all,
    adapters: () => adapters,
    find: (accountId) => byId.get(accountId),
    findByCode: (merchantId, accountCode) => byCode.get(`${merchantId} ${accountCode}`),
  };
}
