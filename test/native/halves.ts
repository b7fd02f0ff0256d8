import { configOf, type Fields, prism, types } from './prism.ts';

const MESSAGES = {
  refund: ['PaymentServiceRefundRequest', 'RefundResponse'],
  refundGet: ['RefundServiceGetRequest', 'RefundResponse'],
  get: ['PaymentServiceGetRequest', 'PaymentServiceGetResponse'],
  void: ['PaymentServiceVoidRequest', 'PaymentServiceVoidResponse'],
} as const;

export type Flow = keyof typeof MESSAGES;

/** What goes over the wire for a call. */
export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** A connector's answer; an object stands for its JSON. */
export interface WireAnswer {
  status: number;
  body: unknown;
}

const library = new prism.UniffiClient();

/** The request half: the HTTP request of a call; `config` may also name an `environment`. Throws IntegrationError. */
export function requestOf(connector: string, flow: Flow, fields: Fields, config: Fields = {}): WireRequest {
  const half = library[`${flow}Req`]!.bind(library);
  const bytes = half(encoded(MESSAGES[flow][0], fields), optionsOf(connector, config));
  const { method, url, headers, body } = types['FfiConnectorHttpRequest']!.decode(bytes);
  return {
    method: String(method),
    url: String(url),
    headers: { ...(headers as Record<string, string>) },
    body: Buffer.from((body as Uint8Array | undefined) ?? []).toString(),
  };
}

/** The response half: what a call makes of an answer. Throws the library's ConnectorError. */
export function resultOf(connector: string, flow: Flow, fields: Fields, answer: WireAnswer): Fields {
  const [request, response] = MESSAGES[flow];
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  const http = encoded('FfiConnectorHttpResponse', {
    statusCode: answer.status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(text),
  });
  const half = library[`${flow}Res`]!.bind(library);
  const bytes = half(http, encoded(request, fields), optionsOf(connector, {}));
  const { body } = types['FfiConnectorHttpResponse']!.decode(bytes);
  return types[response]!.decode(body as Uint8Array);
}

/** What a webhook says, by the library. */
export function eventOf(connector: string, fields: Fields): Fields {
  const bytes = library['handleEventDirect']!(
    encoded('EventServiceHandleRequest', fields),
    optionsOf(connector, {}),
  );
  return types['EventServiceHandleResponse']!.decode(bytes);
}

function optionsOf(connector: string, { environment, ...config }: Fields): Buffer {
  const { connectorConfig, options } = configOf(connector, { baseUrl: 'http://127.0.0.1/base/', ...config });
  const { environment: usual } = options as Fields;
  return encoded('FfiOptions', { environment: environment ?? usual, connectorConfig });
}

function encoded(message: string, fields: Fields): Buffer {
  return Buffer.from(types[message]!.encode(fields).finish());
}
