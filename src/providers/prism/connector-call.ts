import type { WireRequest } from '../http.ts';
import type { Halves, PrismLibrary, RefundAnswer } from './library.ts';

/** A request that the library has built, without its secrets, below the base URL. */
export interface BuiltRequest {
  readonly request: WireRequest;
  /** The encoded message, which the half that reads the answer needs again. */
  readonly message: Buffer;
}

/** What one connector is called with; secrets never get here. */
export interface ConnectorConfig {
  readonly connector: string;
  /** The fields of the connector's configuration besides `baseUrl`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Headers that carry secrets, or that the transport sets by itself. */
const notStored = /^(authorization|x-api-key|content-length|host)$/i;

/**
 * The path is what counts: our own client adds the account's base URL. It has to be given, since the defaults of the
 * library lead to a sandbox for some connectors (hyperswitch-prism, config/production.toml).
 */
const placeholder = 'https://connector.invalid/';

/** The two halves of the library, bound to the configuration of one account. */
export class ConnectorCall {
  readonly #library: PrismLibrary;
  readonly #halves: Halves;
  readonly #options: Buffer;

  constructor(library: PrismLibrary, halves: Halves, { connector, fields }: ConnectorConfig) {
    this.#library = library;
    this.#halves = halves;
    const { FfiOptions, Environment } = library.types;
    const connectorConfig = { [connector]: { ...fields, baseUrl: placeholder } };
    this.#options = encoded(
      FfiOptions,
      FfiOptions.create({ environment: Environment['PRODUCTION'], connectorConfig }),
    );
  }

  /**
   * The refund of an amount in minor units. Digits, never a bigint: that becomes 0 on the wire.
   *
   * @throws what the library objects to; nothing is sent then
   */
  refund(reference: string, paymentId: string, minor: bigint, currency: string): BuiltRequest {
    const { PaymentServiceRefundRequest: message } = this.#library.types;
    const refundAmount = { minorAmount: minor.toString(), currency: this.#currency(currency) };
    const bytes = encoded(message, {
      merchantRefundId: reference,
      connectorTransactionId: paymentId,
      refundAmount,
    });
    return this.#built(this.#halves.refundReq(bytes, this.#options), bytes);
  }

  /** The read of a refund; some connectors list the actions of the payment for it. */
  refundGet(paymentId: string, refundId: string): BuiltRequest {
    const { RefundServiceGetRequest: message } = this.#library.types;
    const bytes = encoded(message, {
      connectorTransactionId: paymentId,
      refundId,
      connectorRefundId: refundId,
    });
    return this.#built(this.#halves.refundGetReq(bytes, this.#options), bytes);
  }

  /** The read of a payment. The amount is compulsory and ignored: what it echoes is our own word. */
  payment(paymentId: string): BuiltRequest {
    const { PaymentServiceGetRequest: message, CaptureMethod } = this.#library.types;
    const amount = { minorAmount: '1', currency: this.#currency('USD') };
    const bytes = encoded(message, {
      connectorTransactionId: paymentId,
      amount,
      captureMethod: CaptureMethod['MANUAL'],
    });
    return this.#built(this.#halves.getReq(bytes, this.#options), bytes);
  }

  /** The release of a hold. */
  release(reference: string, paymentId: string): BuiltRequest {
    const { PaymentServiceVoidRequest: message } = this.#library.types;
    const bytes = encoded(message, { merchantVoidId: reference, connectorTransactionId: paymentId });
    return this.#built(this.#halves.voidReq(bytes, this.#options), bytes);
  }

  /** What the library makes of an answer to a refund; undefined where it throws, as for words that it does not know. */
  readRefundAnswer(message: Buffer, status: number, headers: Readonly<Record<string, string>>, text: string) {
    const { FfiConnectorHttpResponse, RefundResponse } = this.#library.types;
    const answer = encoded(FfiConnectorHttpResponse, {
      statusCode: status,
      headers,
      body: Buffer.from(text, 'utf8'),
    });
    try {
      const read = FfiConnectorHttpResponse.decode(this.#halves.refundRes(answer, message, this.#options));
      return RefundResponse.decode(read.body) satisfies RefundAnswer;
    } catch {
      return undefined;
    }
  }

  #currency(code: string): number {
    const value = this.#library.types.Currency[code];
    if (typeof value !== 'number') throw new RangeError(`Prism does not know the currency ${code}.`);
    return value;
  }

  #built(bytes: Uint8Array, message: Buffer): BuiltRequest {
    const { url, method, headers, body } = this.#library.types.FfiConnectorHttpRequest.decode(bytes);
    if (!url.startsWith(placeholder)) throw new RangeError('Prism did not keep to the base URL.');
    const kept = Object.entries(headers).filter(([name]) => !notStored.test(name));
    return {
      message,
      request: {
        method: method === 'GET' ? 'GET' : 'POST',
        path: url.slice(placeholder.length - 1),
        // The library puts them in another order each time; what is stored is always the same.
        headers: Object.fromEntries(kept.toSorted(([left], [right]) => (left < right ? -1 : 1))),
        // Of a GET it is null.
        body:
          body === undefined || body === null || body.length === 0
            ? null
            : Buffer.from(body).toString('utf8'),
      },
    };
  }
}

const encoded = (message: { encode(value: object): { finish(): Uint8Array } }, value: object): Buffer =>
  Buffer.from(message.encode(value).finish());
