import { randomUUID } from 'node:crypto';
import { jsonAnswer } from '../answers.ts';
import type { Answer } from '../simulator.ts';
import { DEFAULT_TEXTS, type TextKey } from './texts.ts';

/** A refusal in the provider's words; nothing was changed. Answered with the `Error` object of the specification. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly text: TextKey;
  readonly parameter: string | undefined;

  constructor(status: number, code: string, text: TextKey, parameter?: string) {
    super(`${code}: ${text}`);
    this.status = status;
    this.code = code;
    this.text = text;
    this.parameter = parameter;
  }
}

/** HTTP 400 `invalid_request`, the only business refusal that the provider has. */
export function invalid(text: TextKey, parameter?: string): ApiError {
  return new ApiError(400, 'invalid_request', text, parameter);
}

export interface ErrorDetails {
  description: string;
  parameter?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** The `Error` object: `type`, `id` and `code` always, `retry_after` in milliseconds. */
export function errorAnswer(status: number, code: string, details: ErrorDetails): Answer {
  return jsonAnswer(status, {
    type: 'error',
    id: randomUUID(),
    code,
    description: details.description,
    parameter: details.parameter,
    retry_after: details.retryAfterMs,
  });
}

/** The answer to an ApiError in the configured wording. */
export function refusal(error: ApiError, texts: Partial<Record<TextKey, string>>): Answer {
  return errorAnswer(error.status, error.code, {
    description: texts[error.text] ?? DEFAULT_TEXTS[error.text],
    parameter: error.parameter,
  });
}
