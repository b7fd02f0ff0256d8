import { garbageAnswer, jsonAnswer } from '../answers.ts';
import type { Answer } from '../simulator.ts';
import type { Settings } from './settings.ts';
import { REFUSALS, type TextKey } from './texts.ts';

export type Wording = Pick<Settings, 'texts' | 'reasonCodes' | 'statuses' | 'notFoundBody'>;

/** A refusal of the provider; nothing was changed. */
export class ApiError extends Error {
  readonly text: TextKey;

  constructor(text: TextKey) {
    super(REFUSALS[text].text);
    this.text = text;
  }
}

/** What the envelope of a failure holds; `code` repeats the HTTP status that the failure should have. */
export interface Failure {
  code: number;
  reasonCode: string | null;
  reason: string;
}

/** The envelope of failures, as all public clients read it. HTTP 200 with `"status":"fail"` happens too. */
export function failure(status: number, { code, reasonCode, reason }: Failure): Answer {
  return jsonAnswer(status, {
    code,
    status: 'fail',
    ...(reasonCode !== null && { reasonCode }),
    reason,
  });
}

/** The answer to a refusal in the configured wording; a fault may change text and status once more. */
export function refusal(
  key: TextKey,
  { texts, reasonCodes, statuses, notFoundBody }: Wording,
  forced: { status?: number | undefined; description?: string | undefined } = {},
): Answer {
  const { status, code, text } = REFUSALS[key];
  const usual = statuses[key] ?? status;
  const shown = forced.status ?? usual;
  if (shown === 404 && notFoundBody !== 'envelope') {
    return garbageAnswer({ format: notFoundBody, status: shown });
  }
  const configured = reasonCodes[key];
  return failure(shown, {
    code: shown === 200 ? usual : shown,
    reasonCode: configured === undefined ? code : configured,
    reason: forced.description ?? texts[key] ?? text,
  });
}

/** The envelope of successes. */
export function success(data: Record<string, unknown>, effect = false): Answer {
  return jsonAnswer(200, { code: 200, status: 'success', data }, effect);
}
