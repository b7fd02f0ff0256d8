/** What the load generator is told to do for one window. */
export interface LoadOrder {
  readonly url: string;
  readonly key: string;
  /** Requests that are under way at any time. */
  readonly clients: number;
  readonly ms: number;
  readonly operation: Operation;
}

/** `create`: a new refund of 1.00 RUB each time, of one payment after the other. `poll`: one refund, again and again. */
export type Operation =
  | { readonly kind: 'create'; readonly account: string; readonly paymentIds: readonly string[] }
  | { readonly kind: 'poll'; readonly refundId: string };

/** What became of a window. */
export interface LoadResult {
  readonly perSecond: number;
  readonly done: number;
  readonly failed: number;
  /** The first answer that was not the right one. */
  readonly complaint: string;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

const CREATE = `mutation Create($input: CreateRefundInput!) {
  createRefund(input: $input) { replayed refund { id status } errors { code message } }
}`;
const POLL =
  'query Poll($id: ID!) { refund(by: { id: $id }) { id status isFinal freshness { pollAfterMs } } }';

let keys = 0;

/** The body of the n-th request of an operation. */
export function bodyOf(operation: Operation, n: number): string {
  if (operation.kind === 'poll')
    return JSON.stringify({ query: POLL, variables: { id: operation.refundId } });
  const paymentId = operation.paymentIds[n % operation.paymentIds.length];
  const input = {
    idempotencyKey: `bench-${process.pid}-${Date.now()}-${(keys += 1)}`,
    payment: { provider: { account: operation.account, paymentId } },
    amount: { money: { value: '1.00', currency: 'RUB' } },
    reason: 'REQUESTED_BY_CUSTOMER',
  };
  return JSON.stringify({ query: CREATE, variables: { input } });
}

/** Whether an answer is the right one: a load of errors would be fast. */
export const isRight = (operation: Operation, status: number, text: string): boolean =>
  status === 200 &&
  text.includes('"status":"SUCCEEDED"') &&
  (operation.kind === 'poll' || text.includes('"errors":[]'));
