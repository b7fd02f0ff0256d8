import type { Logger } from 'pino';
import type { WireRequest, WireResult } from '../http.ts';

/** One line per provider call: never headers, bodies or query values, which may hold secrets or personal data. */
export function logCall(
  log: Logger,
  request: WireRequest,
  result: WireResult,
  facts: { readonly attempt: number; readonly queuedMs: number; readonly durationMs: number },
): void {
  const line = {
    method: request.method,
    path: withoutQueryValues(request.path),
    outcome: result.kind,
    ...(result.kind === 'answer' ? { status: result.status } : { reason: result.reason }),
    attempt: facts.attempt,
    queuedMs: Math.round(facts.queuedMs),
    durationMs: Math.round(facts.durationMs),
  };
  if (result.kind === 'answer' && result.status < 500) log.info(line, 'provider call');
  else log.warn(line, 'provider call');
}

function withoutQueryValues(path: string): string {
  const [plain = '', query] = path.split('?', 2);
  if (query === undefined) return plain;
  return `${plain}?${[...new URLSearchParams(query).keys()].join('&')}`;
}
