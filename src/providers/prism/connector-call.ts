import type { Money } from '../../money.ts';
import type { WireRequest, WireResult } from '../http.ts';
import type { Evidence } from '../provider.ts';
import type { Halves, PrismLibrary } from './library.ts';

/** A refund as the library is asked for it. */
export interface RefundWords {
  /** Our key, which the connector keeps as its reference. */
  readonly reference: string;
  readonly paymentId: string;
  readonly amount: Money;
  /** Only Adyen is told; the library drops it elsewhere. */
  readonly reason?: string;
}

/**
 * The two halves of the library for one connector: requests as it builds them, without secrets and below the base URL,
 * and what it makes of an answer. A request that it does not want to build is thrown at the caller; nothing was sent then.
 */
export interface ConnectorCall {
  refund(words: RefundWords): WireRequest;
  /** The read of a refund by its id; some connectors list the actions of the payment for it. */
  refundGet(paymentId: string, refundId: string): WireRequest;
  payment(paymentId: string): WireRequest;
  release(reference: string, paymentId: string): WireRequest;
  /** What the library reads in the answer to a refund, for the evidence of the send; it decides nothing. */
  reading(
    words: Pick<RefundWords, 'paymentId' | 'amount'>,
    answer: WireResult & { kind: 'answer' },
  ): Evidence;
}

/**
 * Stands for every secret: the library is given none. What it puts this into is left out of a request, and our own
 * client adds the real one when it sends.
 */
const STAND_IN = 'kept-by-the-transport';

/** Secrets as the library wants them; a bare text would become an empty header. */
export const standIn = { value: STAND_IN };

/**
 * Only the path of a URL counts, below the base URL of the account. One has to be given: the defaults of the library
 * lead to a sandbox for some connectors (hyperswitch-prism, config/production.toml). It ends in a slash, or it would be
 * glued together with the path.
 */
const BASE_URL = 'https://connector.invalid/';

/** `RefundStatus` by number (hyperswitch-prism 0.4.0). */
const refundStatuses = [
  'UNSPECIFIED',
  'FAILURE',
  'MANUAL_REVIEW',
  'PENDING',
  'SUCCESS',
  'TRANSACTION_FAILURE',
] as const;

/** @param fields of the connector's configuration besides `baseUrl` */
export function connectorCall(
  { types }: PrismLibrary,
  halves: Halves,
  connector: string,
  fields: Readonly<Record<string, { readonly value: string }>>,
): ConnectorCall {
  const connectorConfig = { [connector]: { ...fields, baseUrl: BASE_URL } };
  const environment = types.Environment['PRODUCTION'];
  const options = encoded(types.FfiOptions, { environment, connectorConfig });
  const requestIn = (bytes: Uint8Array): WireRequest => {
    const { url, method, headers, body } = types.FfiConnectorHttpRequest.decode(bytes);
    if (!url.startsWith(BASE_URL)) throw new RangeError('Prism did not keep to the base URL.');
    const hasBody = body !== undefined && body !== null && body.length > 0;
    return {
      method: method === 'GET' ? 'GET' : 'POST',
      path: url.slice(BASE_URL.length - 1),
      headers: publicHeaders(headers),
      body: hasBody ? Buffer.from(body).toString('utf8') : null,
    };
  };
  const money = ({ minor, currency }: Money) => ({
    // Digits, never a bigint, which would be 0 on the wire.
    minorAmount: minor.toString(),
    currency: currencyNumber(types, currency),
  });
  const refundMessage = ({ reference, paymentId, amount, reason }: RefundWords): Buffer =>
    encoded(types.PaymentServiceRefundRequest, {
      merchantRefundId: reference,
      connectorTransactionId: paymentId,
      refundAmount: money(amount),
      ...(reason === undefined ? {} : { reason }),
    });
  return {
    refund: (words) => requestIn(halves.refundReq(refundMessage(words), options)),
    refundGet(paymentId, refundId) {
      const ids = { connectorTransactionId: paymentId, refundId, connectorRefundId: refundId };
      return requestIn(halves.refundGetReq(encoded(types.RefundServiceGetRequest, ids), options));
    },
    payment(paymentId) {
      const message = encoded(types.PaymentServiceGetRequest, {
        connectorTransactionId: paymentId,
        // Compulsory and ignored: what an answer echoes of it is our own word, and is not read.
        amount: { minorAmount: '1', currency: currencyNumber(types, 'USD') },
        captureMethod: types.CaptureMethod['MANUAL'],
      });
      return requestIn(halves.getReq(message, options));
    },
    release(reference, paymentId) {
      const ids = { merchantVoidId: reference, connectorTransactionId: paymentId };
      return requestIn(halves.voidReq(encoded(types.PaymentServiceVoidRequest, ids), options));
    },
    reading(words, { status, headers, text }): Evidence {
      try {
        const http = { statusCode: status, headers, body: Buffer.from(text, 'utf8') };
        const answer = encoded(types.FfiConnectorHttpResponse, http);
        const message = refundMessage({ ...words, reference: '' });
        const { body } = types.FfiConnectorHttpResponse.decode(halves.refundRes(answer, message, options));
        const { status: read } = types.RefundResponse.decode(body);
        return { prismStatus: refundStatuses[read] ?? String(read) };
      } catch (error) {
        return { prismError: errorCodeOf(error) };
      }
    },
  };
}

/** In place of a library that does not load: whatever needs it throws. */
export function noConnectorCall(message: string): ConnectorCall {
  const missing = (): never => {
    throw new RangeError(message);
  };
  return {
    refund: missing,
    refundGet: missing,
    payment: missing,
    release: missing,
    reading: missing,
  };
}

/** Sorted, since the library gives them in another order each time; without secrets and what the transport sets. */
const publicHeaders = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => !value.includes(STAND_IN) && !/^(content-length|host)$/i.test(name))
      .toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );

function currencyNumber({ Currency }: PrismLibrary['types'], code: string): number {
  const number = Currency[code];
  if (typeof number !== 'number') throw new RangeError(`Prism does not know the currency ${code}.`);
  return number;
}

const errorCodeOf = (error: unknown): string =>
  error instanceof Error && 'errorCode' in error && /^[A-Z_]{1,64}$/.test(String(error.errorCode))
    ? String(error.errorCode)
    : 'UNKNOWN';

const encoded = (message: { encode(value: object): { finish(): Uint8Array } }, value: object): Buffer =>
  Buffer.from(message.encode(value).finish());
