import { createHash } from 'node:crypto';
import { jsonAnswer } from '../answers.ts';
import type { Fault } from '../faults.ts';
import { canonicalJson, isObject, parseJson } from '../json.ts';
import type { Answer, ProviderCall, ProviderRequest } from '../simulator.ts';
import type { Merchant } from './accounts.ts';
import { ApiError, refusal, success } from './api-error.ts';
import { recognize } from './authenticate.ts';
import { answerInstead, distort } from './fault-answers.ts';
import * as operations from './operations.ts';
import { onceByRequestId } from './request-id.ts';
import { matchRoute, type Route } from './routes.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { Store } from './store.ts';
import type { Json } from './view.ts';
import type { WebhookSender } from './webhooks.ts';

export interface RequestWorld {
  /** The books as they are when asked: a reset replaces them while a slow request waits. */
  store(): Store;
  webhooks: WebhookSender;
  keys: SigningKeys;
  now(): number;
  /** Called when a request has started something that ends by itself. */
  started(): void;
}

/** Understands a request to `/api`, so that faults can be aimed at it; `run` executes it. */
export function identifyRequest(world: RequestWorld, request: ProviderRequest): ProviderCall {
  const route = matchRoute(request.method, request.path);
  const merchant = recognize(request.headers.authorization);
  const body = request.method === 'POST' ? parseBody(request.body) : undefined;
  const header = request.headers['x-request-id'];
  const requestId = request.method === 'POST' && typeof header === 'string' ? header : undefined;
  const externalId = body?.['externalOperationId'];
  return {
    operation: route?.operation,
    references: route === undefined ? [] : referencesOf(world.store(), route, merchant),
    providerKey: typeof externalId === 'string' ? externalId : null,
    account: merchant?.account ?? null,
    // A second request with an id that is being worked on waits for the first one.
    exclusive:
      merchant === undefined || requestId === undefined
        ? undefined
        : `yandex-pay/${merchant.merchantId}/${requestId}`,
    run: (fault) => run(world, { route, merchant, request, body, requestId }, fault),
  };
}

/** A request with what was understood of it. */
interface Understood {
  route: Route | undefined;
  merchant: Merchant | undefined;
  request: ProviderRequest;
  /** Undefined: no JSON object. */
  body: Json | undefined;
  requestId: string | undefined;
}

function run(world: RequestWorld, understood: Understood, fault: Fault | undefined): Answer {
  const store = world.store();
  const { settings } = store;
  const { route, merchant, request } = understood;
  try {
    if (request.method === 'GET' && request.path === '/jwks')
      return jsonAnswer(200, world.keys.jwks(settings));
    if (route === undefined) throw new ApiError('pathUnknown');
    const instead = answerInstead(fault, settings);
    if (instead !== undefined) return instead;
    if (merchant === undefined) throw new ApiError('unauthorized');
    const now = world.now();
    const asked = digestOf(request, understood.body);
    const scene = { store, webhooks: world.webhooks, merchant, now, fault, asked };
    const answer = request.method === 'GET' ? read(scene, route) : write(scene, route, understood);
    if (answer.effect) world.started();
    return distort(fault, answer, settings);
  } catch (error) {
    if (error instanceof ApiError) return refusal(error.text, settings);
    throw error;
  } finally {
    store.commit(); // in the journal before anybody is answered
  }
}

function read(scene: operations.Scene, route: Route): Answer {
  return success(
    route.action === 'order' ? operations.readOrder(scene, route) : operations.readOperation(scene, route),
  );
}

function write(scene: operations.Scene, route: Route, { body, requestId }: Understood): Answer {
  const execute = (): operations.Outcome => {
    if (route.action === 'rollback') return operations.doRollback(scene, route);
    if (body === undefined) throw new ApiError('bodyInvalid');
    return route.action === 'refund'
      ? operations.doRefund(scene, route, body)
      : operations.doHoldOperation(scene, route, body);
  };
  if (requestId !== undefined) return onceByRequestId(scene, requestId, execute);
  const { data, effect } = execute();
  return success(data, effect);
}

function parseBody(body: Buffer): Json | undefined {
  const parsed = body.length === 0 ? {} : parseJson(body);
  return isObject(parsed) ? parsed : undefined;
}

function digestOf({ path }: ProviderRequest, body: Json | undefined): string {
  return createHash('sha256')
    .update(`${path}\n${canonicalJson(body ?? null)}`)
    .digest('hex');
}

function referencesOf(store: Store, { action, id }: Route, merchant: Merchant | undefined): string[] {
  if (action !== 'operation' || merchant === undefined) return [id];
  const operation = store.findExternal(merchant.merchantId, id);
  return operation === undefined ? [id] : [id, operation.id, operation.paymentId];
}
