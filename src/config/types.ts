import type { z } from 'zod';
import type { Scope } from '../context.ts';

/** What a provider brings along, so that its accounts can be configured; the configuration itself knows no provider. */
export interface ProviderSettings {
  /** The credentials of one account, strict. Its messages must not repeat values. */
  readonly schema: z.ZodType;
  /** What else is set for an account, strict; without anything it must be satisfied. Absent: nothing can be set. */
  readonly options?: z.ZodType;
  /** Who the account is at the provider (shopId, merchant login): one identity is one account. Not secret. */
  identityOf(credentials: unknown, options: unknown): string;
  /** Whose name the identity is, where two providers lead to one account; absent: the provider's. */
  identitySpaceOf?(options: unknown, credentials: unknown): string;
  /** What the parts of an account lack together, and where; never repeats a value. */
  missingOf?(
    credentials: unknown,
    options: unknown,
    baseUrl: string,
  ): { readonly path: readonly string[]; readonly message: string } | undefined;
  /** The production API. Without it every account must name its own `baseUrl`. */
  readonly defaultBaseUrl?: string;
  /** The same where it depends on what is set for the account. */
  defaultBaseUrlOf?(options: unknown): string;
}

export interface KeyConfig {
  readonly name: string;
  /** Lower-case hex of the key's SHA-256. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
}

export interface AccountConfig {
  readonly code: string;
  readonly provider: string;
  readonly displayName: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** What the provider's schema made of them. Readable by name only; printers see `[hidden]`. */
  readonly credentials: unknown;
  /** What the provider's schema made of the options. */
  readonly options: unknown;
  readonly identity: string;
  /** Whose name the identity is, where another provider leads to the same account; absent: the provider's. */
  readonly identitySpace?: string;
  readonly maxInFlight: number;
  readonly requestsPerSecond: number | undefined;
  readonly minLookIntervalMs: number;
  /** Whole days, `min` to `max`, after which payers have their money by the operator's experience. */
  readonly arrivalDays?: { readonly min: number; readonly max: number } | undefined;
}

/** Where events are sent: changes of a merchant's refunds, or alerts of the service. */
export interface EventEndpointConfig {
  /** Unique in the whole file; deliveries are found by it. */
  readonly code: string;
  /** Normalised. https, or http on loopback. Without user and password. */
  readonly url: string;
  /** 1 to 3, `whsec_` and base64 of 24 to 64 bytes; each signs every delivery. Printers see `[hidden]`. */
  readonly secrets: readonly string[];
  /** Which types it wants; empty: all. */
  readonly events: readonly string[];
  /** Whether it may be this machine or inside a private network. */
  readonly allowPrivateNetwork: boolean;
}

export interface MerchantConfig {
  /** Immutable: provider keys are derived from it. */
  readonly code: string;
  readonly name: string;
  readonly keys: readonly KeyConfig[];
  readonly accounts: readonly AccountConfig[];
  /** Who hears of changes of its refunds; absent: nobody. */
  readonly eventEndpoints?: readonly EventEndpointConfig[];
}

/** The `url` may hold a password; printers see `[hidden]`. */
export type DatabaseConfig =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'embedded'; readonly dataDir: string };

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Everything but the merchants: what `migrate` needs, too. */
export interface ServiceConfig {
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseConfig;
  /** Absolute. */
  readonly dataDir: string;
  readonly demo: boolean;
  readonly sandboxPort: number;
  readonly logLevel: LogLevel;
  /** Whether statements are prepared on the server (not behind a transaction pooler). */
  readonly prepared: boolean;
  readonly poolSize: number;
  readonly maxInflightRequests: number;
  readonly shutdownGraceMs: number;
  /** Whether the service drives refunds by itself; without it, a worker has to. */
  readonly engine: boolean;
  /** Where `/metrics` is served alone; absent: at `port`, and by a worker not at all. */
  readonly metricsPort?: number | undefined;
  /** Processes that a service consists of; absent: 1. */
  readonly webConcurrency?: number;
}

/** Operations that clients may name instead of sending them. */
export interface PersistedOperationsConfig {
  /** Texts by identifier; a SHA-256 without its prefix. */
  readonly documents: ReadonlyMap<string, string>;
  /** Whether nothing else is executed. */
  readonly only: boolean;
}

export interface Config extends ServiceConfig {
  /** Absent: none, and any operation is executed. */
  readonly persistedOperations?: PersistedOperationsConfig | undefined;
  readonly merchants: readonly MerchantConfig[];
  /** Who hears of alerts, besides the log and the metrics; absent: nobody. */
  readonly operatorEndpoints?: readonly EventEndpointConfig[];
}
