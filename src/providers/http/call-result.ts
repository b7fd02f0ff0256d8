import type { CallResult } from '../../metrics.ts';
import type { WireResult } from '../http.ts';

/** Not tried at all: the provider did not answer the calls before, so this one is not sent. */
export const circuitOpen: WireResult = { kind: 'not-sent', reason: 'circuit-open' };

/** One of few words for what became of a call. */
export function callResultOf(result: WireResult): CallResult {
  if (result === circuitOpen) return 'circuit-open';
  if (result.kind !== 'answer') return result.kind;
  if (result.status >= 500) return 'failed';
  if (result.status === 429) return 'rate-limited';
  return result.status >= 400 ? 'refused' : 'ok';
}
