import { jsonAnswer } from '../answers.ts';
import type { Answer } from '../simulator.ts';
import { say, type TextKey, type Texts } from './texts.ts';

/** A request that the provider refuses for a reason of its own; nothing was changed. */
export class Rejection extends Error {
  readonly text: TextKey;

  constructor(text: TextKey) {
    super(text);
    this.text = text;
  }
}

/** `success: false` of the refund API, under any status (docs.robokassa.ru/ru/refund-api shows the body only). */
export function rejectionAnswer(status: number, message: string): Answer {
  return jsonAnswer(status, { success: false, message, requestId: null });
}

/** HTTP 401 of the refund API: no access, no Password3, or another key. */
export function accessDenied(texts: Texts, text: 'noAccess' | 'wrongKey'): Answer {
  return rejectionAnswer(401, say(texts, text));
}

/** Plain text: what stands below the API answers. */
export function textAnswer(status: number, body: string, effect = false): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body, effect };
}
