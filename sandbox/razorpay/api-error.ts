import { jsonAnswer } from '../answers.ts';
import type { Answer } from '../simulator.ts';
import { type Detail, refusalOf, type TextKey } from './texts.ts';

/** What stands for the names in braces of a text. */
export interface Blanks {
  id?: string;
  currency?: string;
  fields?: string;
}

export type Texts = Partial<Record<TextKey, string>>;

/** A refusal in the provider's words; nothing was changed. */
export class ApiError extends Error {
  readonly text: TextKey;
  readonly blanks: Blanks;
  readonly field: string | undefined;

  constructor(text: TextKey, blanks: Blanks = {}, field?: string) {
    super(text);
    this.text = text;
    this.blanks = blanks;
    this.field = field ?? refusalOf(text).field;
  }
}

export interface ErrorDetails {
  code?: string | undefined;
  description: string;
  detail?: Detail;
  field?: string | undefined;
}

/** The error object (docs, page errors): HTTP status and `description` carry the meaning, `code` has three values. */
export function errorAnswer(
  status: number,
  { code, description, detail = 'na', field }: ErrorDetails,
): Answer {
  return jsonAnswer(status, {
    error: { code: code ?? 'BAD_REQUEST_ERROR', description, ...DETAILS[detail], metadata: {}, field },
  });
}

/** The answer to an ApiError in the configured wording. */
export function refusal(error: ApiError, texts: Texts): Answer {
  const { status = 400, code, detail } = refusalOf(error.text);
  return errorAnswer(status, {
    code,
    description: describe(error.text, texts, error.blanks),
    detail,
    field: error.field,
  });
}

/** The wording of a refusal. */
export function describe(key: TextKey, texts: Texts, blanks: Blanks = {}): string {
  const text = texts[key] ?? refusalOf(key).text;
  return text.replaceAll(/\{(id|currency|fields)\}/g, (whole, name: keyof Blanks) => blanks[name] ?? whole);
}

const DETAILS: Record<Detail, Record<'source' | 'step' | 'reason', string | null>> = {
  business: { source: 'business', step: 'payment_initiation', reason: 'input_validation_failed' },
  na: { source: 'NA', step: 'NA', reason: 'NA' },
  null: { source: null, step: null, reason: null },
};
