/** What scenarios ask of the public API. */
export const REFUND =
  'id status isFinal moneyMovement origin failure { code message } traceReferences { kind value availability }';

export interface RefundView {
  readonly id: string;
  readonly status: string;
  readonly isFinal: boolean;
  readonly moneyMovement: string;
  readonly origin: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly traceReferences: readonly {
    readonly kind: string;
    readonly value: string | null;
    readonly availability: string;
  }[];
}

export interface Payload {
  readonly refund: RefundView | null;
  readonly replayed?: boolean;
  readonly outcome?: string | null;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

const errors = 'errors { code message }';

export const CREATE = `mutation ($input: CreateRefundInput!) {
  result: createRefund(input: $input) { replayed refund { ${REFUND} } ${errors} } }`;

export const CANCEL_PAYMENT = `mutation ($input: CancelPaymentInput!) {
  result: cancelPayment(input: $input) { replayed outcome refund { ${REFUND} } ${errors} } }`;

export const CANCEL_REFUND = `mutation ($id: ID!) {
  result: cancelRefund(input: { refund: $id }) { refund { ${REFUND} } ${errors} } }`;

export const RETRY_REFUND = `mutation ($id: ID!, $expectedRetries: Int!) {
  result: retryRefund(input: { refund: $id, expectedRetries: $expectedRetries, waitMs: 10000 }) {
    replayed refund { ${REFUND} } ${errors} } }`;

export const SYNC_REFUND = `mutation ($id: ID!) {
  result: syncRefund(input: { refund: $id, waitMs: 10000 }) { refund { ${REFUND} } ${errors} } }`;

export const REFUNDS = `query ($ids: [ID!]!, $maxAgeSeconds: Int) {
  refunds(first: 100, order: CREATED_AT_ASC, filter: { ids: $ids }, maxAgeSeconds: $maxAgeSeconds, waitMs: 10000) {
    nodes { ${REFUND} } } }`;

/** Refunds of several providers, asked about at once. */
export const FRESHNESS = `query ($ids: [ID!]!) {
  refunds(first: 100, order: CREATED_AT_ASC, filter: { ids: $ids }, maxAgeSeconds: 0, waitMs: 10000) {
    nodes { id status freshness { isStale } } } }`;

export const PAYMENT = `query ($account: String!, $paymentId: String!) {
  payment(by: { provider: { account: $account, paymentId: $paymentId } }, maxAgeSeconds: 0, waitMs: 10000) {
    id status refundable { value } refunds(first: 100) { nodes { ${REFUND} } } } }`;

export const STORED_PAYMENT = `query ($account: String!, $paymentId: String!) {
  payment(by: { provider: { account: $account, paymentId: $paymentId } }) { status } }`;

export interface PaymentView {
  readonly id: string;
  readonly status: string;
  readonly refundable: { readonly value: string };
  readonly refunds: { readonly nodes: readonly RefundView[] };
}
