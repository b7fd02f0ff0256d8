import type { Dispatcher } from 'undici';
import type { WireResult } from '../http.ts';

/** The largest answer that is read, in bytes; a longer one is cut off and counts as lost. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface Exchange {
  readonly origin: string;
  /** With the base URL's own path in front. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** For connecting, the request and the whole answer together, in milliseconds. */
  readonly deadlineMs: number;
  /** Asked with the connection open and nothing written yet. */
  readonly mayStart: () => boolean;
}

const notSent = (reason: string): WireResult => ({ kind: 'not-sent', reason });
const lost = (reason: string): WireResult => ({ kind: 'lost', reason });

/**
 * One request over one connection, and the honest answer to "was a byte sent?". Never throws, never repeats.
 *
 * undici calls `onRequestStart` on an open (for https: encrypted) connection, in the same tick and right before it
 * writes the first byte; aborting there writes nothing. So whatever ends before that moment was not sent, and
 * whatever ends after it without a complete answer is lost.
 */
export function exchange(dispatcher: Dispatcher, request: Exchange): Promise<WireResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    let headers: Record<string, string> = {};
    let started: Dispatcher.DispatchController | undefined;
    let settled = false;

    function settle(result: WireResult): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve(result);
      // Ends a request that still runs; after a complete answer it does nothing.
      if (result.kind !== 'answer') started?.abort(new Error(result.reason));
    }

    const timer = setTimeout(() => {
      settle(started === undefined ? notSent('deadline-before-connect') : lost('deadline'));
    }, request.deadlineMs);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        if (settled || started !== undefined) {
          // Given up while connecting; or a second start, which undici has for pipelines: never send twice.
          controller.abort(new Error('not to be sent'));
          settle(lost('restarted'));
        } else if (request.mayStart()) {
          started = controller;
        } else {
          settle(notSent('may-not-send'));
          controller.abort(new Error('may not be sent any more'));
        }
      },
      onResponseStart(_controller, statusCode, answered) {
        // Called for interim answers too; the last one is the answer.
        status = statusCode;
        headers = flatten(answered);
      },
      onResponseData(_controller, chunk) {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) settle(lost('answer-too-large'));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        settle({ kind: 'answer', status, headers, text: Buffer.concat(chunks).toString('utf8') });
      },
      onResponseError(_controller, error) {
        settle(started === undefined ? notSent(codeOf(error)) : lost(codeOf(error)));
      },
    };

    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          headers: { ...request.headers },
          body: request.body,
          // Ours is the one deadline.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      settle(started === undefined ? notSent(codeOf(error)) : lost(codeOf(error)));
    }
  });
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`; never the message, which may quote what was sent. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown-error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
