import { jsonAnswer } from '../answers.ts';
import type { Answer } from '../simulator.ts';
import { refusalOf, type TextKey } from './texts.ts';

/** What stands for the names in braces of a text. */
export interface Blanks {
  id?: string;
  amount?: string;
  limit?: string;
}

export type Texts = Partial<Record<TextKey, string>>;

/** A refusal in the provider's words; nothing was changed. `intent` is the payment intent that the answer shows. */
export class ApiError extends Error {
  readonly text: TextKey;
  readonly blanks: Blanks;
  readonly param: string | undefined;
  readonly intent: Record<string, unknown> | undefined;

  constructor(text: TextKey, blanks: Blanks = {}, param?: string, intent?: Record<string, unknown>) {
    super(text);
    this.text = text;
    this.blanks = blanks;
    this.param = param ?? refusalOf(text).param;
    this.intent = intent;
  }

  /** Whether the request was refused before it was begun. */
  get early(): boolean {
    return refusalOf(this.text).early === true;
  }
}

export interface ErrorDetails {
  message: string;
  type?: string | undefined;
  code?: string | undefined;
  param?: string | undefined;
  intent?: Record<string, unknown> | undefined;
}

/** The `error` object (docs.stripe.com/api/errors): the HTTP status, `type` and, often but not always, a `code`. */
export function errorAnswer(status: number, { message, type, code, param, intent }: ErrorDetails): Answer {
  const fallback = status === 402 ? 'card_error' : status >= 500 ? 'api_error' : 'invalid_request_error';
  return jsonAnswer(status, {
    error: { code, message, param, payment_intent: intent, type: type ?? fallback },
  });
}

/** The answer to an ApiError in the configured wording. */
export function refusal(error: ApiError, texts: Texts): Answer {
  const { status = 400, code, type } = refusalOf(error.text);
  const { param, intent } = error;
  return errorAnswer(status, {
    message: describe(error.text, texts, error.blanks),
    code,
    type,
    param,
    intent,
  });
}

/** The wording of a refusal. */
export function describe(key: TextKey, texts: Texts, blanks: Blanks = {}): string {
  const text = texts[key] ?? refusalOf(key).text;
  return text.replaceAll(/\{(id|amount|limit)\}/g, (whole, name: keyof Blanks) => blanks[name] ?? whole);
}
