import type { ProviderAdapter } from './provider.ts';

type Hides = Pick<ProviderAdapter, 'hidesRefundId'>;

/**
 * The one place that decides whether a provider's refund id may leave the service, in an answer, a message or a log
 * line (MONEY section 9): null where whoever knows it could read the refund there. The database may hold it.
 */
export const shownRefundId = ({ hidesRefundId }: Hides, id: string | null): string | null =>
  hidesRefundId ? null : id;

/** A text of somebody else, without the ids in it that may not leave the service. */
export const withoutHiddenIds = (adapter: Hides, ids: Iterable<string>, text: string): string =>
  [...ids].reduce((masked, id) => (shownRefundId(adapter, id) === null ? maskIn(masked, id) : masked), text);

/** In either case: a GUID stays the same. */
const maskIn = (text: string, id: string): string =>
  text.replaceAll(new RegExp(id.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`), 'gi'), '[hidden]');
