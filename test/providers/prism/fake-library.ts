import type { LoadedLibrary, PrismLibrary } from '../../../src/providers/prism/library.ts';

/** A message of the fake: JSON instead of protobuf, and a bigint is 0 on the wire, as in the real one. */
const message = {
  encode: (value: object) => ({
    finish: () =>
      Buffer.from(JSON.stringify(value, (_name, one: unknown) => (typeof one === 'bigint' ? 0 : one))),
  }),
  decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as never,
};

type Fields = Readonly<Record<string, unknown>>;
type Secret = { readonly value?: string } | undefined;

interface Connector {
  headers(config: Fields): Record<string, string>;
  refund(request: Fields, config: Fields): readonly [path: string, body: string, type: string];
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const textOf = (secret: unknown): string => (secret as Secret)?.value ?? '';
const amountOf = ({ refundAmount }: Fields): number => Number((refundAmount as Fields)['minorAmount']);
const currencies = 'EUR USD GBP JPY KWD ISK UGX MGA IQD IDR'.split(' ');
const nameOf = ({ refundAmount }: Fields): string =>
  currencies[Number((refundAmount as Fields)['currency']) - 1] ?? '';

/** Requests as hyperswitch-prism 0.4.0 builds them; the native suite runs the same tests with the real one. */
const connectors: Readonly<Record<string, Connector>> = {
  stripe: {
    headers: (config) => ({
      authorization: `Bearer ${textOf(config['apiKey'])}`,
      'stripe-version': '2022-11-15',
    }),
    refund: (request) => [
      'v1/refunds',
      new URLSearchParams([
        ['amount', String(amountOf(request))],
        ['payment_intent', String(request['connectorTransactionId'])],
        ['metadata[order_id]', String(request['merchantRefundId'])],
        ['metadata[is_refund_id_as_reference]', 'true'],
      ]).toString(),
      form,
    ],
  },
  adyen: {
    headers: (config) => ({ 'x-api-key': textOf(config['apiKey']) }),
    refund: (request, config) => [
      `v68/payments/${String(request['connectorTransactionId'])}/refunds`,
      JSON.stringify({
        merchantAccount: textOf(config['merchantAccount']),
        amount: { currency: nameOf(request), value: amountOf(request) },
        ...(request['reason'] === undefined ? {} : { merchantRefundReason: request['reason'] }),
        reference: request['merchantRefundId'],
      }),
      json,
    ],
  },
  checkout: {
    headers: (config) => ({ authorization: `Bearer ${textOf(config['apiSecret'])}` }),
    refund: (request) => [
      `payments/${String(request['connectorTransactionId'])}/refunds`,
      JSON.stringify({ amount: amountOf(request), reference: request['merchantRefundId'] }),
      json,
    ],
  },
};

function configOf(options: Buffer): readonly [connector: Connector, config: Fields] {
  const { connectorConfig } = message.decode(options) as { connectorConfig: Record<string, Fields> };
  const [name = '', config = {}] = Object.entries(connectorConfig)[0] ?? [];
  return [connectors[name]!, config];
}

function http(options: Buffer, method: string, path: string, type: string, body: string): Uint8Array {
  const [connector, config] = configOf(options);
  const headers = { via: 'HyperSwitch', 'content-type': type, ...connector.headers(config) };
  const bytes = body === '' ? null : [...Buffer.from(body)];
  return message
    .encode({ url: `${String(config['baseUrl'])}${path}`, method, headers, body: bytes })
    .finish();
}

/** The half that builds requests, and one that reads every accepted refund as a success, like the real one. */
class FakeHalves {
  refundReq(request: Buffer, options: Buffer): Uint8Array {
    const fields = message.decode(request) as Fields;
    if (nameOf(fields) === 'ISK') throw new Error('INVALID_DATA_FORMAT');
    const [connector, config] = configOf(options);
    const [path, body, type] = connector.refund(fields, config);
    return http(options, 'POST', path, type, body);
  }

  refundRes(response: Buffer): Uint8Array {
    const { statusCode } = message.decode(response) as { statusCode: number };
    if (statusCode >= 400)
      throw Object.assign(new Error('refused'), { errorCode: 'CONNECTOR_ERROR_RESPONSE' });
    const status = { 200: 4, 201: 3, 202: 4 }[statusCode] ?? 0;
    return message.encode({ statusCode, body: [...message.encode({ status }).finish()] }).finish();
  }

  refundGetReq(request: Buffer, options: Buffer): Uint8Array {
    const { connectorTransactionId } = message.decode(request) as Fields;
    return http(options, 'GET', `payments/${String(connectorTransactionId)}/actions`, json, '');
  }

  getReq(request: Buffer, options: Buffer): Uint8Array {
    const { connectorTransactionId } = message.decode(request) as Fields;
    return http(options, 'GET', `payments/${String(connectorTransactionId)}`, json, '');
  }

  voidReq(request: Buffer, options: Buffer): Uint8Array {
    const { connectorTransactionId: id } = message.decode(request) as Fields;
    return http(options, 'POST', `payments/${String(id)}/voids`, json, JSON.stringify({ reference: id }));
  }
}

const Currency = Object.fromEntries(currencies.map((code, index) => [code, index + 1]));

const library: PrismLibrary = {
  UniffiClient: FakeHalves,
  types: {
    FfiOptions: message,
    FfiConnectorHttpRequest: message,
    FfiConnectorHttpResponse: message,
    PaymentServiceRefundRequest: message,
    RefundServiceGetRequest: message,
    PaymentServiceGetRequest: message,
    PaymentServiceVoidRequest: message,
    RefundResponse: message,
    Currency,
    CaptureMethod: { MANUAL: 2 },
    Environment: { PRODUCTION: 2 },
  },
};

/** What the library does for the adapters, without its 390 MB. */
export const fakeLibrary: LoadedLibrary = { kind: 'loaded', library, halves: new FakeHalves() };
