import { isObject } from './json.ts';
import type { Fault } from './faults.ts';
import type { Answer } from './simulator.ts';

const GARBAGE = {
  html: {
    type: 'text/html; charset=utf-8',
    body: '<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1><hr>nginx</body></html>',
    status: 200,
  },
  text: { type: 'text/plain; charset=utf-8', body: 'upstream request failed\n', status: 200 },
  empty: { type: 'text/plain; charset=utf-8', body: '', status: 200 },
  gateway: {
    type: 'application/json; charset=utf-8',
    body: '{"message":"no Route matched with those values"}',
    status: 404,
  },
  hollow: { type: 'application/json; charset=utf-8', body: '{}', status: 200 },
} as const;

export function jsonAnswer(status: number, body: unknown, effect = false): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    effect,
  };
}

/** An answer that is not JSON: a proxy in front of the API, or a framework below it. */
export function bareAnswer(status: number, body = '', headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body, effect: false };
}

/** What stands between a client and the provider says instead of the provider, in the format of the fault. */
export function garbageAnswer({ format = 'html', status }: Pick<Fault, 'format' | 'status'>): Answer {
  const garbage = GARBAGE[format];
  return {
    status: status ?? garbage.status,
    headers: { 'content-type': garbage.type },
    body: garbage.body,
    effect: false,
  };
}

/** Changes the object of a successful answer, or every item when it is a list in the field `listName`. */
export function rewriteItems(
  answer: Answer,
  change: (item: Record<string, unknown>) => Record<string, unknown>,
  listName = 'items',
): Answer {
  const body: unknown = answer.status === 200 ? JSON.parse(answer.body) : undefined;
  if (!isObject(body)) return answer;
  const items = body[listName];
  const changed = Array.isArray(items)
    ? { ...body, [listName]: items.map((item: unknown) => (isObject(item) ? change(item) : item)) }
    : change(body);
  return { ...answer, body: JSON.stringify(changed) };
}
