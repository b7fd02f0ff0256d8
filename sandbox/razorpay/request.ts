import { garbageAnswer, jsonAnswer } from '../answers.ts';
import type { Fault } from '../faults.ts';
import { isObject, parseJson } from '../json.ts';
import type { Answer, ProviderCall, ProviderRequest } from '../simulator.ts';
import { ApiError, refusal } from './api-error.ts';
import { authenticate, type Principal, recognize } from './authenticate.ts';
import { answerInstead, distort } from './fault-answers.ts';
import { checkKey, createByKey, createOnce } from './idempotency.ts';
import * as operations from './operations.ts';
import { matchRoute, type Route } from './routes.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';
import type { Json } from './view.ts';
import type { WebhookSender } from './webhooks.ts';

export interface RequestWorld {
  /** The books as they are when asked: a reset replaces them while a slow request waits. */
  store(): Store;
  webhooks: WebhookSender;
  now(): number;
}

/** Understands a request to `/v1`, so that faults can be aimed at it; `run` executes it. */
export function identifyRequest(world: RequestWorld, request: ProviderRequest): ProviderCall {
  const route = matchRoute(request.method, request.path);
  const principal = recognize(request.headers);
  const header = request.headers['x-refund-idempotency'];
  const key = route?.operation === 'createRefund' && typeof header === 'string' ? header : undefined;
  const settings = (): Settings => world.store().settings;
  return {
    operation: route?.operation,
    references: route === undefined ? [] : referencesOf(world.store(), route),
    providerKey: key ?? null,
    account: principal?.account ?? null,
    exclusive:
      principal === undefined || key === undefined ? undefined : `razorpay/${principal.scope}/${key}`,
    whenBusy: (fault) =>
      answerInstead(fault, settings()) ?? refusal(new ApiError('keyRunning'), settings().texts),
    run: (fault) => run(world, route, request, key, fault),
  };
}

function run(
  world: RequestWorld,
  route: Route | undefined,
  request: ProviderRequest,
  key: string | undefined,
  fault: Fault | undefined,
): Answer {
  const store = world.store();
  try {
    if (request.path === '') return garbageAnswer({ format: 'gateway' }); // not even below /v1
    if (route === undefined) throw new ApiError('urlUnknown');
    const instead = answerInstead(fault, store.settings);
    if (instead !== undefined) return instead;
    const principal = principalOf(request, key, store.settings);
    const scene = { store, webhooks: world.webhooks, principal, now: world.now(), fault };
    const answer = execute(scene, route, request, key);
    return distort(fault, answer, store.settings.texts);
  } catch (error) {
    if (error instanceof ApiError) return refusal(error, store.settings.texts);
    throw error;
  } finally {
    store.commit(); // in the journal before anybody is answered
  }
}

function principalOf(
  { headers }: ProviderRequest,
  key: string | undefined,
  { badAuthWithKey }: Settings,
): Principal {
  try {
    return authenticate(headers);
  } catch (error) {
    throw key !== undefined && badAuthWithKey === 500 ? new ApiError('merchantMissing') : error;
  }
}

function execute(
  scene: operations.Scene,
  route: Route,
  request: ProviderRequest,
  key: string | undefined,
): Answer {
  switch (route.operation) {
    case 'getPayment':
      return jsonAnswer(200, operations.readPayment(scene, route, request.query));
    case 'getRefund':
      return jsonAnswer(200, operations.readRefund(scene, route));
    case 'listPayments':
      return jsonAnswer(200, operations.readPayments(scene, route, request.query));
    case 'listRefunds':
      return jsonAnswer(200, operations.readRefunds(scene, route, request.query));
    default:
      return change(scene, route, request, key);
  }
}

function change(
  scene: operations.Scene,
  route: Route,
  request: ProviderRequest,
  key: string | undefined,
): Answer {
  if (key !== undefined) checkKey(key);
  const body = parseBody(request);
  // Documented for the onboarding API only (docs api/partners/errors).
  if (scene.store.settings.failOnEmoji && /\p{Extended_Pictographic}/u.test(request.body.toString('utf8'))) {
    throw new ApiError('emoji');
  }
  switch (route.operation) {
    case 'capturePayment':
      return jsonAnswer(200, operations.doCapturePayment(scene, route, body), true);
    case 'updateRefund':
      return jsonAnswer(200, operations.doUpdateRefund(scene, route, body), true);
    default:
      return key === undefined
        ? createOnce(scene, route, body)
        : createByKey(scene, route, request, body, key);
  }
}

function parseBody({ body, headers }: ProviderRequest): Json | undefined {
  if (body.length === 0) return {};
  const isJson = /^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
  const parsed = isJson ? parseJson(body) : undefined;
  return isObject(parsed) ? parsed : undefined;
}

function referencesOf(store: Store, { id, refundId }: Route): string[] {
  const refund = store.refunds.get(refundId ?? id ?? '');
  return [id, refundId, refund?.paymentId].filter((reference) => reference !== undefined);
}
