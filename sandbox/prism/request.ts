import { garbageAnswer } from '../answers.ts';
import type { Fault } from '../faults.ts';
import { isObject, parseJson } from '../json.ts';
import type { Answer, ProviderCall, ProviderRequest } from '../simulator.ts';
import type { Announce, Connector, Json, Route, Scene } from './connector.ts';
import { findConnector } from './connectors.ts';
import { answerInstead, distort, forcedOutcome } from './fault-answers.ts';
import type { Store } from './store.ts';
import { ApiError, refusalOf } from './texts.ts';

export interface RequestWorld {
  /** The books as they are when asked: a reset replaces them while a slow request waits. */
  store(): Store;
  announce: Announce;
  now(): number;
}

/** Understands a request to `/{connector}/…`, so that faults can be aimed at it; `run` executes it. */
export function identifyRequest(world: RequestWorld, request: ProviderRequest): ProviderCall {
  const [, name = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.path) ?? [];
  const connector = findConnector(name);
  if (connector === undefined) return unknownCall();
  const route = connector.route(request.method, path);
  return {
    operation: route?.operation,
    references: route === undefined ? [] : referencesOf(world.store(), route),
    providerKey: null,
    account: connector.recognize(request.headers)?.account ?? null,
    exclusive: undefined,
    faultApplies: (kind) => route !== undefined && connector.faultApplies(kind, route.operation),
    run: (fault) => run(world, connector, route, request, fault),
  };
}

function run(
  world: RequestWorld,
  connector: Connector,
  route: Route | undefined,
  request: ProviderRequest,
  fault: Fault | undefined,
): Answer {
  const store = world.store();
  const { texts } = store.settings;
  try {
    const account = connector.recognize(request.headers);
    if (account === undefined) throw new ApiError(connector.refusals.key);
    if (route === undefined) return connector.errorAnswer({ status: 404 });
    const instead = answerInstead(connector, fault, texts);
    if (instead !== undefined) return instead;
    const scene: Scene = {
      store,
      account,
      now: world.now(),
      forced: forcedOutcome(fault),
      lagSeconds: lagOf(store, fault),
      announce: world.announce,
    };
    const answer = connector.execute(scene, route, parseBody(request));
    return distort(connector, fault, answer, texts);
  } catch (error) {
    if (error instanceof ApiError) return connector.errorAnswer(refusalOf(error.key, texts));
    throw error;
  } finally {
    store.commit(); // in the journal before anybody is answered
  }
}

function unknownCall(): ProviderCall {
  return {
    operation: undefined,
    references: [],
    providerKey: null,
    account: null,
    exclusive: undefined,
    run: () => garbageAnswer({ format: 'gateway' }),
  };
}

function parseBody({ body, headers }: ProviderRequest): Json | undefined {
  if (body.length === 0) return {};
  const isJson = /^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
  const parsed = isJson ? parseJson(body) : undefined;
  return isObject(parsed) ? parsed : undefined;
}

function referencesOf(store: Store, { id }: Route): string[] {
  return [id, ...store.refundsOf(id).map((refund) => refund.id)];
}

function lagOf({ settings }: Store, fault: Fault | undefined): number {
  return Math.max(settings.listLagSeconds, fault?.kind === 'list-lag' ? (fault.seconds ?? 0) : 0);
}
