import { ApiError } from './api-error.ts';
import type { OperationRecord } from './records.ts';
import type { Store } from './store.ts';

/** What a request asks for, as far as repetitions are concerned. */
export interface Asked {
  /** Digest of path and body. */
  asked: string;
  /** Whether the provider has lost what it knew of the external id. */
  forgotten: boolean;
}

/**
 * The operation that a repeated external id is about: the same arguments while it runs. Throws 400 for other arguments and
 * 409 DUPLICATE_EXTERNAL_OPERATION_ID for one that has ended (docs order/merchant_v2_refund-post).
 */
export function findRepeated(
  store: Store,
  merchantId: string,
  externalId: string | null,
  asked: string,
): OperationRecord | undefined {
  const known = externalId === null ? undefined : store.findExternal(merchantId, externalId);
  if (known === undefined) return undefined;
  if (known.asked !== asked) throw new ApiError('externalIdOther');
  const { duplicateFrom, failedReplay } = store.settings;
  if (known.status === 'PENDING' && duplicateFrom === 'end') return known;
  if (known.status === 'FAIL' && failedReplay === 'same') return known;
  throw new ApiError('externalIdFinished');
}
