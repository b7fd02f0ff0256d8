import { createHash } from 'node:crypto';
import { jsonAnswer } from '../answers.ts';
import { canonicalJson } from '../json.ts';
import type { Answer, ProviderRequest } from '../simulator.ts';
import { ApiError, refusal } from './api-error.ts';
import { doCreateRefund, type Scene } from './operations.ts';
import type { Route } from './routes.ts';
import { type Json, refundView } from './view.ts';

const MIN_KEY_LENGTH = 10;

/** Throws 400 for a key of `X-Refund-Idempotency` that has another form than the documentation wants. */
export function checkKey(key: string): void {
  if (key.length < MIN_KEY_LENGTH) throw new ApiError('keyShort');
  if (!/^[A-Za-z0-9_-]+$/.test(key)) throw new ApiError('keyCharset');
}

/** A refund without a key: every request is a new one. */
export function createOnce(scene: Scene, route: Route, body: Json | undefined): Answer {
  return jsonAnswer(200, refundView(doCreateRefund(scene, route, body, null), scene.now), true);
}

/**
 * A refund under a key (docs api/refunds/normal-refunds-idempotent): the same body gives the original refund again, also
 * the original refusal unless configured otherwise, another body is 409.
 */
export function createByKey(
  scene: Scene,
  route: Route,
  request: ProviderRequest,
  body: Json | undefined,
  key: string,
): Answer {
  if (body === undefined) throw new ApiError('keyedBodyUnreadable');
  const { store, principal, now, fault } = scene;
  const { keepRefusals, replay, texts, bodyHash } = store.settings;
  const data = createHash('sha256')
    .update(`${request.path}\n`)
    .update(bodyHash === 'raw' ? request.body : canonicalJson(body))
    .digest('hex');
  if (fault?.kind === 'key-forgotten') store.keys.forget({ scope: principal.scope, key });
  const rules = {
    keepRefusals,
    conflict: () => refusal(new ApiError('keyDifferent'), texts),
    current: (id: string) => {
      const refund = replay === 'current' ? store.refunds.get(id) : undefined;
      return refund === undefined ? undefined : refundView(refund, now);
    },
  };
  return store.keys.once({ scope: principal.scope, key, data }, now, rules, () => {
    try {
      const refund = doCreateRefund(scene, route, body, key);
      return { ...jsonAnswer(200, refundView(refund, now), true), objectId: refund.id };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { ...refusal(error, texts), objectId: undefined };
    }
  });
}
