import type { Fault } from '../faults.ts';
import type { Answer, ProviderCall, ProviderRequest } from '../simulator.ts';
import { PRISM_ACCOUNT } from './accounts.ts';
import { ApiError, refusal } from './api-error.ts';
import { authenticate, recognize } from './authenticate.ts';
import { answerInstead, distort } from './fault-answers.ts';
import { type Form, parseParams } from './form.ts';
import { keyOf, performByKey, performOnce } from './idempotency.ts';
import { mintId, paymentIdOf } from './ids.ts';
import { matchRoute, type Route } from './routes.ts';
import type { Store } from './store.ts';
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
  const account = recognize(request.headers);
  const key = keyOf(request);
  return {
    operation: route?.operation,
    references: route === undefined ? [] : referencesOf(world.store(), route, request),
    providerKey: key,
    account: account?.account ?? null,
    ...(account?.account === PRISM_ACCOUNT && { alsoKnownAs: 'prism' as const }),
    exclusive: account === undefined || key === null ? undefined : `stripe/${account.accountId}/${key}`,
    whenBusy: (fault) => {
      const { settings } = world.store();
      const running = new ApiError('keyRunning', { id: key ?? '' });
      const answer = answerInstead(fault, settings, false) ?? refusal(running, settings.texts);
      return signed(world.store(), request, mintId('req'), fault, answer);
    },
    run: (fault) => {
      const requestId = mintId('req');
      const answer = run(world, route, request, key, requestId, fault);
      return signed(world.store(), request, requestId, fault, answer);
    },
  };
}

function run(
  world: RequestWorld,
  route: Route | undefined,
  request: ProviderRequest,
  key: string | null,
  requestId: string,
  fault: Fault | undefined,
): Answer {
  const store = world.store();
  const { settings } = store;
  try {
    if (route === undefined)
      throw new ApiError('urlUnknown', { id: `${request.method}: /v1${request.path}` });
    const instead = answerInstead(fault, settings, key !== null);
    if (instead !== undefined) return instead;
    const account = authenticate(request.headers);
    const form = parseParams(request);
    const scene = {
      store,
      webhooks: world.webhooks,
      now: world.now(),
      version: versionOf(store, request),
      cause: { id: requestId, idempotency_key: key },
      account,
      key,
      fault,
    };
    const answer =
      key === null
        ? performOnce(scene, route, form, request.method === 'POST')
        : performByKey(scene, route, request.path, form, key);
    return distort(fault, answer, settings.texts);
  } catch (error) {
    if (error instanceof ApiError) return refusal(error, settings.texts);
    throw error;
  } finally {
    store.commit(); // in the journal before anybody is answered
  }
}

// Every answer of the API has these headers; what stands in front of it does not know them.
function signed(
  store: Store,
  request: ProviderRequest,
  requestId: string,
  fault: Fault | undefined,
  answer: Answer,
): Answer {
  if (fault?.kind === 'garbage' || fault?.format !== undefined) return answer;
  const headers = { 'request-id': requestId, 'stripe-version': versionOf(store, request) };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function versionOf({ settings }: Store, { headers }: ProviderRequest): string {
  const version = headers['stripe-version'];
  return typeof version === 'string' && version !== '' ? version : settings.apiVersion;
}

function referencesOf(store: Store, { id }: Route, request: ProviderRequest): string[] {
  const form = readableParams(request);
  const named = [id, form['payment_intent'], form['charge']].filter((text) => typeof text === 'string');
  const payments = named.map((text) => store.refunds.get(text)?.paymentId ?? paymentIdOf(text));
  return [...named, ...payments].filter((text) => text !== '');
}

function readableParams(request: ProviderRequest): Form {
  try {
    return parseParams(request);
  } catch {
    return {};
  }
}
