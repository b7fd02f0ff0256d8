import type { Answer } from '../simulator.ts';
import { ApiError, refusal, success } from './api-error.ts';
import type { Outcome, Scene } from './operations.ts';

/**
 * Executes a write once per merchant and X-Request-Id: a repetition answers what the first one answered. Whether that
 * holds for refusals, and what another request under the same id gets, is not documented.
 */
export function onceByRequestId(scene: Scene, requestId: string, execute: () => Outcome): Answer {
  const { store, merchant, now, asked, fault } = scene;
  const { settings } = store;
  const scope = merchant.merchantId;
  if (fault?.kind === 'key-forgotten') store.keys.forget({ scope, key: requestId });
  const rules = {
    keepRefusals: settings.replayRefusals,
    conflict: () => refusal('requestIdReused', settings),
    current: () => undefined,
  };
  const data = settings.requestIdConflict === 'replay' ? '' : asked;
  return store.keys.once({ scope, key: requestId, data }, now, rules, () => {
    try {
      const outcome = execute();
      return { ...success(outcome.data, outcome.effect), objectId: outcome.objectId };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { ...refusal(error.text, settings), objectId: undefined };
    }
  });
}
