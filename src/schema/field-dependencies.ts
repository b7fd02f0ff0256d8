/**
 * What a field can change with, for tags of answers (MONEY section 11). A field that is not in this table, or is
 * `untracked`, gets no tag: a new field is denied until somebody has found out what it depends on.
 *
 * `fixed`: only with the object around it, with the configuration, or never. `refund`, `payment`: every change of it
 * raises the version of that refund or payment in the same transaction. `headers`: with time and with every look; what
 * the headers of the answer say outranks it. `untracked`: with time, with other rows, or with a row that has no version.
 */
export type FieldDependency = 'fixed' | 'refund' | 'payment' | 'headers' | 'untracked';

type Fields = Readonly<Record<string, FieldDependency>>;

const all = (dependency: FieldDependency, ...names: readonly string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, dependency]));

/** By type and field, of all types that can be reached from the root fields that may have tags. */
export const fieldDependencies: Readonly<Record<string, Fields>> = {
  Node: all('fixed', 'id'),
  Refund: {
    // `replaces` leads to the row of another refund.
    ...all('untracked', 'replaces', 'allowedActions'),
    ...all('fixed', 'id', 'payment', 'account', 'merchant', 'createdAt', 'origin'),
    ...all('refund', 'reference', 'version', 'retries', 'status', 'isFinal', 'moneyMovement', 'summary'),
    ...all('refund', 'amount', 'returned', 'sources', 'legs', 'items', 'reason', 'note', 'metadata'),
    ...all('refund', 'failure', 'traceReferences', 'expectedArrival', 'attention', 'history'),
    ...all('refund', 'updatedAt', 'finalizedAt'),
    freshness: 'headers',
  },
  RefundLeg: {
    ...all('refund', 'id', 'status', 'amount', 'attempt', 'providerRefundId', 'failure'),
    // Every look moves it, and no version with it.
    nextLookAt: 'untracked',
  },
  RefundSource: all('refund', 'seller', 'amount', 'returned', 'platformFee', 'status', 'leg'),
  RefundItem: all('refund', 'item', 'quantity', 'amount'),
  RefundEvent: all('refund', 'kind', 'at', 'actor', 'source', 'from', 'to', 'evidence', 'leg'),
  RefundFailure: all('refund', 'code', 'message', 'retry', 'providerCode'),
  RefundAttention: all('refund', 'reason', 'since'),
  TraceReference: all('refund', 'kind', 'value', 'availability'),
  DateRange: all('refund', 'from', 'to'),
  Freshness: all('headers', 'asOf', 'isStale', 'pollAfterMs'),
  Money: all('fixed', 'value', 'currency', 'minorUnits', 'exponent'),
  Payment: {
    ...all('fixed', 'id', 'account', 'providerPaymentId', 'createdAt', 'externalRefunds'),
    ...all('payment', 'orderReference', 'status', 'factsFrom', 'version', 'capturedAt'),
    ...all('payment', 'amount', 'captured', 'refunded', 'reserved', 'refundable'),
    // Sources and lines are mended without a version; the rest changes with time or is of other rows.
    ...all('untracked', 'sources', 'items', 'freshness', 'refundability', 'allowedActions', 'refunds'),
  },
  PaymentItem: {
    ...all('fixed', 'item', 'title'),
    ...all('untracked', 'unitPrice', 'quantity', 'sold', 'returnedQuantity', 'returned', 'reservedQuantity'),
    ...all('untracked', 'reserved', 'refundableQuantity', 'refundable'),
  },
  // Accounts and merchants have no versions: their names change with the configuration of whoever started last.
  ProviderAccount: {
    ...all('fixed', 'id', 'code', 'provider'),
    ...all('untracked', 'displayName', 'health'),
  },
  Merchant: { ...all('fixed', 'code'), ...all('untracked', 'name') },
  RefundConnection: {
    ...all('refund', 'edges', 'nodes', 'pageInfo'),
    // Moves with every transaction of the database.
    changesCursor: 'untracked',
  },
  RefundEdge: all('refund', 'node', 'cursor'),
  PageInfo: all('refund', 'hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'),
};

/** What a field depends on; undefined for one that is not declared. */
export function dependencyOf(typeName: string, fieldName: string): FieldDependency | undefined {
  // Introspection, and the name of a type, change with the build only.
  if (fieldName.startsWith('__') || typeName.startsWith('__')) return 'fixed';
  const fields = fieldDependencies[typeName];
  return fields !== undefined && Object.hasOwn(fields, fieldName) ? fields[fieldName] : undefined;
}
