import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { ApiKeyId, MerchantId } from './ids.ts';

export const scopes = ['read', 'write', 'debug'] as const;
export type Scope = (typeof scopes)[number];

/** Who asks: one API key of one merchant. Every read and write is limited to `merchantId`. */
export interface Viewer {
  readonly merchantId: MerchantId;
  readonly merchantCode: string;
  readonly keyId: ApiKeyId;
  readonly keyName: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** What every use case may need besides its database and providers. */
export interface Kernel {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who caused a change, for the event that it leaves. */
export interface Cause {
  /** `key:backend` for a caller, `system` for what the service does by itself. */
  readonly actor: string;
  readonly keyId: ApiKeyId | null;
  readonly requestId: string | null;
}

export const systemCause: Cause = { actor: 'system', keyId: null, requestId: null };
