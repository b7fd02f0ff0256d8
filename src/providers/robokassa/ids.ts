const MAX_INVOICE = 2n ** 63n - 1n;

/** A payment's id is its `InvoiceID`, an integer from 1 to 2^63 - 1 (docs.robokassa.ru/ru/xml-interfaces). */
export const isInvoiceId = (text: string): boolean =>
  /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= MAX_INVOICE;

/** What the WordPress plugin of RoboKassa takes for an operation key (cms-wordpress, RefundApi.php). */
export const isOpKey = (text: string | undefined): text is string =>
  text !== undefined && /^[A-Za-z0-9-]{16,160}$/.test(text);

/** Request ids are GUIDs; what could not stand in a URL as it is, is none, and neither is one of zeros, which says "none". */
export const isRequestId = (text: string): boolean =>
  /^[A-Za-z0-9-]{8,64}$/.test(text) && !/^[0-]+$/.test(text);

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** A request id in the one form that is kept: a GUID is the same in either case, and a person may type it in the other. */
export const requestIdOf = (text: string): string => (GUID.test(text) ? text.toLowerCase() : text);

const V1 = 'v1:';

/** v1 names no refund: an invoice has one, and is asked for it. */
export const v1RefundId = (invoiceId: string): string => V1 + invoiceId;

/** The invoice of a refund of v1; undefined for a refund of v2. */
export const invoiceOfV1 = (providerRefundId: string): string | undefined =>
  providerRefundId.startsWith(V1) && isInvoiceId(providerRefundId.slice(V1.length))
    ? providerRefundId.slice(V1.length)
    : undefined;
