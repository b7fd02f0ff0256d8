import { isObject, parseJson } from '../json.ts';
import { bareAnswer, jsonAnswer } from '../answers.ts';
import type { Fault, Operation } from '../faults.ts';
import type { Answer, ProviderCall, ProviderRequest } from '../simulator.ts';
import { ApiError, invalid, refusal } from './api-error.ts';
import { authenticate, recognize } from './authenticate.ts';
import { answerInstead, distort } from './fault-answers.ts';
import { checkKey, type Effect, once, requestData } from './idempotency.ts';
import * as operations from './operations.ts';
import { matchRoute, type Route } from './routes.ts';
import type { Store } from './store.ts';
import type { WebhookSender } from './webhooks.ts';

export interface RequestWorld {
  /** The books as they are when asked: a reset replaces them while a slow request waits. */
  store(): Store;
  webhooks: WebhookSender;
  now(): number;
}

type Json = Record<string, unknown>;
type Found = Extract<Route, { operation: Operation }>;

/** Understands a request to `/v3`, so that faults can be aimed at it; `run` executes it. */
export function identifyRequest(world: RequestWorld, request: ProviderRequest): ProviderCall {
  const route = matchRoute(request.method, request.path);
  const shop = recognize(request.headers.authorization);
  const header = request.headers['idempotence-key'];
  const key = request.method === 'POST' && typeof header === 'string' ? header : undefined;
  return {
    operation: route.operation,
    references: route.operation === undefined ? [] : referencesOf(world.store(), route, request),
    providerKey: key ?? null,
    account: shop?.account ?? null,
    // A second request with a key that is being worked on waits for the first one.
    exclusive: shop === undefined || key === undefined ? undefined : `yookassa/${shop.shopId}/${key}`,
    run: (fault) => run(world, route, request, key, fault),
  };
}

function run(
  world: RequestWorld,
  route: Route,
  request: ProviderRequest,
  key: string | undefined,
  fault: Fault | undefined,
): Answer {
  const store = world.store();
  try {
    if (route.operation === undefined) return noSuchRoute(route);
    const instead = answerInstead(fault, store.settings.texts);
    if (instead !== undefined) return instead;
    const shop = authenticate(request.headers.authorization);
    if (store.settings.disabledRights.includes(route.operation)) {
      throw new ApiError(403, 'forbidden', 'accessDenied');
    }
    const scene = { store, webhooks: world.webhooks, shop, now: world.now(), fault };
    const answer =
      request.method === 'POST'
        ? post(scene, route, request, key)
        : jsonAnswer(200, get(scene, route, request.query));
    return distort(fault, answer, store.settings.texts);
  } catch (error) {
    if (error instanceof ApiError) return refusal(error, store.settings.texts);
    throw error;
  } finally {
    store.commit(); // in the journal before anybody is answered
  }
}

function get(scene: operations.Scene, { operation, id = '' }: Found, query: URLSearchParams): unknown {
  switch (operation) {
    case 'getPayment':
      return operations.readPayment(scene, id);
    case 'getRefund':
      return operations.readRefund(scene, id);
    case 'listPayments':
      return operations.readPayments(scene, query);
    case 'listRefunds':
      return operations.readRefunds(scene, query);
    default:
      return operations.readAccount(scene);
  }
}

function post(
  scene: operations.Scene,
  route: Found,
  request: ProviderRequest,
  header: string | undefined,
): Answer {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) return bareAnswer(415);
  const key = checkKey(header);
  const body = parseBody(request.body);
  const { store, shop, now, fault } = scene;
  if (fault?.kind === 'key-forgotten') store.keys.forget({ scope: shop.shopId, key });
  return once(
    store,
    { scope: shop.shopId, key, data: requestData(request.method, request.path, body) },
    now,
    (id) => operations.currentObject(scene, id),
    () => execute(scene, route, body, key),
  );
}

function execute(scene: operations.Scene, { operation, id = '' }: Found, body: Json, key: string): Effect {
  switch (operation) {
    case 'cancelPayment':
      return operations.doCancelPayment(scene, id);
    case 'capturePayment':
      return operations.doCapturePayment(scene, id, body);
    default:
      return operations.doCreateRefund(scene, body, key);
  }
}

function noSuchRoute(route: Extract<Route, { operation: undefined }>): Answer {
  if (route.status === 405)
    return bareAnswer(405, '', route.allow === undefined ? {} : { allow: route.allow });
  throw new ApiError(404, 'not_found', 'notFound');
}

function parseBody(body: Buffer): Json {
  const parsed = tryParse(body);
  if (!isObject(parsed)) throw invalid('badJson');
  return parsed;
}

function tryParse(body: Buffer): unknown {
  if (body.length === 0) return {}; // capture and cancel without a body mean "all of it"
  return parseJson(body);
}

function referencesOf(store: Store, { operation, id }: Found, { body, query }: ProviderRequest): string[] {
  if (operation === 'createRefund') {
    const parsed = tryParse(body);
    const paymentId = isObject(parsed) ? parsed['payment_id'] : undefined;
    return typeof paymentId === 'string' ? [paymentId] : [];
  }
  if (operation === 'listRefunds') return query.getAll('payment_id');
  if (id === undefined) return [];
  const paymentId = store.refunds.get(id)?.paymentId;
  return paymentId === undefined ? [id] : [id, paymentId];
}
