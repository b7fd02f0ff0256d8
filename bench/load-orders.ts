/** What the load generator is told to do for one window. */
export interface LoadOrder {
  /** Clients take them in turns: each stays with one. */
  readonly urls: readonly string[];
  readonly key: string;
  /** Requests that are under way at any time. */
  readonly clients: number;
  /**
   * Each client begins a request so often, spread over this time, and never two at once; a request that begins late
   * counts from when it should have begun. Absent: as soon as the one before is answered.
   */
  readonly everyMs?: number;
  readonly ms: number;
  readonly operation: Operation;
}

/**
 * `create`: a new refund of 1.00 RUB each time, of one payment after the other. `poll`: one refund, again and again.
 * `unchanged`: the same by GET, of who has the present answer. `page`: a page of refunds that are not to be older than some seconds.
 */
export type Operation =
  | { readonly kind: 'create'; readonly account: string; readonly paymentIds: readonly string[] }
  | { readonly kind: 'poll'; readonly refundId: string }
  | { readonly kind: 'unchanged'; readonly refundId: string; readonly etag: string }
  | {
      readonly kind: 'page';
      readonly refundIds: readonly string[];
      readonly maxAgeSeconds: number;
      readonly waitMs: number;
    };

/** What became of a window. */
export interface LoadResult {
  readonly perSecond: number;
  readonly done: number;
  readonly failed: number;
  /** The first answer that was not the right one. */
  readonly complaint: string;
  /** Right answers that say of a refund that it is older than was asked for. */
  readonly stale: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

const CREATE = `mutation Create($input: CreateRefundInput!) {
  createRefund(input: $input) { replayed refund { id status } errors { code message } }
}`;
const POLL =
  'query Poll($id: ID!) { refund(by: { id: $id }) { id status isFinal freshness { pollAfterMs } } }';
const PAGE = `query Page($ids: [ID!]!, $first: Int!, $maxAgeSeconds: Int!, $waitMs: Int!) {
  refunds(first: $first, filter: { ids: $ids }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) {
    nodes { id status isFinal freshness { isStale pollAfterMs } }
  }
}`;

let keys = 0;

/** The body of the n-th request of an operation. */
export function bodyOf(operation: Operation, n: number): string {
  if (operation.kind === 'poll' || operation.kind === 'unchanged')
    return JSON.stringify({ query: POLL, variables: { id: operation.refundId } });
  if (operation.kind === 'page') {
    const { refundIds: ids, maxAgeSeconds, waitMs } = operation;
    return JSON.stringify({ query: PAGE, variables: { ids, first: ids.length, maxAgeSeconds, waitMs } });
  }
  const paymentId = operation.paymentIds[n % operation.paymentIds.length];
  const input = {
    idempotencyKey: `bench-${process.pid}-${Date.now()}-${(keys += 1)}`,
    payment: { provider: { account: operation.account, paymentId } },
    amount: { money: { value: '1.00', currency: 'RUB' } },
    reason: 'REQUESTED_BY_CUSTOMER',
  };
  return JSON.stringify({ query: CREATE, variables: { input } });
}

/** The n-th request of an operation; all but those for what has not changed are sent by POST. */
export function requestOf(operation: Operation, n: number) {
  const json = { accept: 'application/json' };
  if (operation.kind !== 'unchanged')
    return {
      method: 'POST' as const,
      path: '/graphql',
      headers: { ...json, 'content-type': 'application/json' },
      body: bodyOf(operation, n),
    };
  return {
    method: 'GET' as const,
    path: pathOf(operation.refundId),
    headers: { ...json, 'if-none-match': operation.etag },
  };
}

/** The URL by which one refund is polled. */
export const pathOf = (refundId: string): string =>
  `/graphql?${new URLSearchParams({ query: POLL, variables: JSON.stringify({ id: refundId }) }).toString()}`;

/** Whether an answer is the right one: a load of errors would be fast. */
export function isRight(operation: Operation, status: number, text: string): boolean {
  if (operation.kind === 'unchanged') return status === 304;
  if (status !== 200) return false;
  if (operation.kind === 'page') return text.split('"isFinal":').length === operation.refundIds.length + 1;
  return text.includes('"status":"SUCCEEDED"') && (operation.kind === 'poll' || text.includes('"errors":[]'));
}

export const saysStale = (text: string): boolean => text.includes('"isStale":true');
