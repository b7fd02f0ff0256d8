import type { AccountHttp, WireRequest } from '../http.ts';
import type { AccountAccess, ProviderAdapter } from '../provider.ts';
import { ConnectorCall } from './connector-call.ts';
import type { CredentialsOf } from './credentials.ts';
import type { Halves, PrismLibrary } from './library.ts';

type Access = AccountAccess<CredentialsOf<'stripe'>>;

/** Below the base URL of Stripe that Prism wants, which ends before the version. */
const VERSION = '/v1';

/**
 * The built-in adapter for an account of Prism with the connector stripe. It reads, judges and lists in either case;
 * only where the base URL ends is another place.
 */
export const substituted = (builtIn: ProviderAdapter, message: string): ProviderAdapter => ({
  ...belowVersion(builtIn),
  availability: { kind: 'substituted', message },
});

/**
 * Stripe with the requests of the library, whose bytes lack what makes them safe: the idempotency key is added here. The
 * answer is judged by the built-in adapter, since the library compares neither amount nor currency and throws for
 * `canceled`; what the library says of it stands in the evidence.
 */
export function nativeStripe(
  builtIn: ProviderAdapter,
  library: PrismLibrary,
  halves: Halves,
  { apiKey }: CredentialsOf<'stripe'>,
): ProviderAdapter {
  const call = new ConnectorCall(library, halves, {
    connector: 'stripe',
    fields: { apiKey: { value: apiKey } },
  });
  const base = belowVersion(builtIn);
  return {
    ...base,
    wireVersion: 'prism-stripe-1',
    buildRefund(order) {
      // Whatever it objects to must not be built by the library either, which would send it.
      const plain = builtIn.buildRefund(order);
      const { minor, currency } = order.amount;
      const { request } = call.refund(order.providerKey, order.providerPaymentId, minor, currency);
      const key = plain.headers['Idempotency-Key'];
      if (key === undefined) throw new TypeError('A refund of Stripe without its idempotency key.');
      return {
        ...request,
        path: request.path.slice(VERSION.length),
        headers: { ...request.headers, 'Idempotency-Key': key },
      };
    },
  };
}

function belowVersion(adapter: ProviderAdapter): ProviderAdapter {
  const at = (access: AccountAccess): Access => ({ ...(access as Access), http: prefixed(access.http) });
  return {
    ...adapter,
    code: 'prism',
    variant: 'stripe',
    displayName: 'Prism: Stripe',
    readPayment: (access, id) => adapter.readPayment(at(access), id),
    readRefund: (access, known) => adapter.readRefund(at(access), known),
    listRefunds: (access, query) => adapter.listRefunds(at(access), query),
    sendRefund: (access, request, order, may) => adapter.sendRefund(at(access), request, order, may),
    sendVoid: (access, request, id, may) => adapter.sendVoid(at(access), request, id, may),
    ...(adapter.cancel === undefined
      ? {}
      : {
          cancel: {
            ...adapter.cancel,
            send: (access, known, may) => adapter.cancel!.send(at(access), known, may),
          },
        }),
  };
}

const prefixed = (http: AccountHttp): AccountHttp => ({
  read: (request, secrets) => http.read(below(request), secrets),
  send: (request, secrets, options) => http.send(below(request), secrets, options),
  isGivenUp: () => http.isGivenUp(),
});

const below = (request: WireRequest): WireRequest => ({ ...request, path: VERSION + request.path });
