import { createHash } from 'node:crypto';
import { jsonAnswer } from '../answers.ts';
import { canonicalJson } from '../json.ts';
import type { Answer, ProviderRequest } from '../simulator.ts';
import { ApiError, refusal } from './api-error.ts';
import { remembersError, serverError } from './fault-answers.ts';
import type { Form } from './form.ts';
import { perform, type Scene } from './operations.ts';
import type { Route } from './routes.ts';

const MAX_KEY_LENGTH = 255;

/** The key of a POST; on other methods the header means nothing. */
export function keyOf({ method, headers }: Pick<ProviderRequest, 'method' | 'headers'>): string | null {
  const key = headers['idempotency-key'];
  return method === 'POST' && typeof key === 'string' && key !== '' ? key : null;
}

/** A request without a key: every POST is a new one. */
export function performOnce(scene: Scene, route: Route, form: Form, effect: boolean): Answer {
  return jsonAnswer(200, perform(scene, route, form), effect);
}

/**
 * A POST under a key (docs.stripe.com/api/idempotent_requests): the same parameters give status and body of the first
 * answer again, be it a refusal or a 500; others are an error. What was refused before it was begun is not remembered.
 */
export function performByKey(scene: Scene, route: Route, path: string, form: Form, key: string): Answer {
  const { store, account, now, fault } = scene;
  if (key.length > MAX_KEY_LENGTH) throw new ApiError('keyLong');
  const scope = account.accountId;
  const data = createHash('sha256')
    .update(`POST ${path}\n${canonicalJson(form)}`)
    .digest('hex');
  if (fault?.kind === 'key-forgotten') store.keys.forget({ scope, key });
  const rules = {
    keepRefusals: true,
    conflict: () => refusal(new ApiError('keyDifferent', { id: key }), store.settings.texts),
    current: () => undefined,
  };
  const known = store.keys.find({ scope, key }, now);
  const answer = store.keys.once({ scope, key, data }, now, rules, () => ({
    ...firstAnswer(scene, route, form),
    objectId: undefined,
  }));
  return known?.data === data
    ? { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } }
    : answer;
}

// Throws what was refused before it was begun, so that the key stays free.
function firstAnswer(scene: Scene, route: Route, form: Form): Answer {
  const { fault, store } = scene;
  const isRemembered = remembersError(fault, store.settings);
  if (isRemembered && fault?.kind === 'error-before-effect') return serverError(fault, store.settings.texts);
  try {
    const answer = performOnce(scene, route, form, true);
    return isRemembered ? { ...serverError(fault, store.settings.texts), effect: answer.effect } : answer;
  } catch (error) {
    if (!(error instanceof ApiError) || error.early) throw error;
    return refusal(error, store.settings.texts);
  }
}
