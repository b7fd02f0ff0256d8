import type { AccountHttp, WireRequest } from '../http.ts';
import type { AccountAccess, OrderProblem, ProviderAdapter, RefundOrder } from '../provider.ts';
import type { ConnectorCall } from './connector-call.ts';
import { isKnownToLibrary } from './money.ts';

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

/** The entry of `metadata` that the library adds to every refund of Stripe. */
const LIBRARY_ENTRY = 'is_refund_id_as_reference';

/**
 * Stripe with the refunds of the library. What makes its request safe and complete is added here: the idempotency key,
 * the reason and the metadata. The built-in adapter builds the same refund beside it, and both must agree.
 */
export function nativeStripe(builtIn: ProviderAdapter, call: ConnectorCall): ProviderAdapter {
  return {
    ...belowVersion(builtIn),
    wireVersion: 'prism-stripe-1',
    checkRefund: (order) => [...builtIn.checkRefund(order), ...libraryProblems(order)],
    buildRefund(order) {
      const [problem] = libraryProblems(order);
      if (problem !== undefined) throw new RangeError(problem.message);
      return completed(builtIn.buildRefund(order), order, call);
    },
  };
}

function libraryProblems({ amount, metadata }: Omit<RefundOrder, 'providerKey'>): OrderProblem[] {
  const problems: OrderProblem[] = [];
  if (!isKnownToLibrary(amount.currency))
    problems.push({ path: ['amount'], message: `${amount.currency} is not taken by way of Prism.` });
  if (Object.hasOwn(metadata, LIBRARY_ENTRY))
    problems.push({
      path: ['metadata', LIBRARY_ENTRY],
      message: `The entry ${LIBRARY_ENTRY} is used by Prism.`,
    });
  return problems;
}

/** The library's request with what it leaves out. Throws where it says something else than the built-in adapter. */
function completed(plain: WireRequest, order: RefundOrder, call: ConnectorCall): WireRequest {
  const wanted = new URLSearchParams(plain.body ?? '');
  const { currency } = order.amount;
  // As Stripe counts it, which is not always ISO 4217; the library passes any number on.
  const minor = BigInt(wanted.get('amount') ?? '');
  const { providerKey: reference, providerPaymentId: paymentId } = order;
  const request = call.refund({ reference, paymentId, amount: { minor, currency } });
  const fields = new URLSearchParams(request.body ?? '');
  const isSame = [...wanted].every(([name, value]) => !fields.has(name) || fields.get(name) === value);
  if (request.method !== plain.method || request.path !== VERSION + plain.path || !isSame)
    throw new TypeError('Prism builds another refund than the built-in adapter.');
  for (const [name, value] of wanted) if (!fields.has(name)) fields.append(name, value);
  const key = plain.headers['Idempotency-Key'];
  if (key === undefined) throw new TypeError('A refund of Stripe without its idempotency key.');
  return {
    ...request,
    path: plain.path,
    headers: { ...request.headers, 'Idempotency-Key': key },
    body: fields.toString(),
  };
}

function belowVersion(adapter: ProviderAdapter): ProviderAdapter {
  const at = (access: AccountAccess): AccountAccess => ({ ...access, http: prefixed(access.http) });
  const { cancel } = adapter;
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
    ...(cancel && {
      cancel: { ...cancel, send: (access, known, may) => cancel.send(at(access), known, may) },
    }),
  };
}

const prefixed = (http: AccountHttp): AccountHttp => ({
  read: (request, secrets) => http.read(below(request), secrets),
  send: (request, secrets, options) => http.send(below(request), secrets, options),
  isGivenUp: () => http.isGivenUp(),
  readsWithin: (durationMs) => http.readsWithin(durationMs),
});

const below = (request: WireRequest): WireRequest => ({ ...request, path: VERSION + request.path });
