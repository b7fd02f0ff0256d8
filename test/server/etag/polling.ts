import type { App } from '../../../src/app.ts';
import type { TestService } from '../../support/service.ts';

/** One request as a polling client makes it, by GET. */
export interface Poll {
  readonly query: string;
  readonly variables?: Record<string, unknown> | undefined;
  readonly operationName?: string | undefined;
  readonly extensions?: object | undefined;
}

export interface PollAnswer {
  readonly status: number;
  readonly etag: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** Of a 200. */
  readonly data: Record<string, unknown> | null;
}

export interface PollOptions {
  readonly ifNoneMatch?: string | undefined;
  readonly key?: string | undefined;
  readonly accept?: string | undefined;
  readonly method?: 'GET' | 'HEAD' | undefined;
  readonly at?: App | undefined;
}

export function urlOf({ query, variables, operationName, extensions }: Poll): string {
  const search = new URLSearchParams({ query });
  if (variables !== undefined) search.set('variables', JSON.stringify(variables));
  if (operationName !== undefined) search.set('operationName', operationName);
  if (extensions !== undefined) search.set('extensions', JSON.stringify(extensions));
  return `/graphql?${search.toString()}`;
}

/** Asks the service with the key of a merchant, or another one. */
export async function poll(
  service: TestService,
  wanted: Poll,
  options: PollOptions = {},
): Promise<PollAnswer> {
  const { ifNoneMatch, key = 'rf_test_demo', accept = 'application/json', method = 'GET' } = options;
  const response = await fetch(`${(options.at ?? service.app).url}${urlOf(wanted)}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept,
      ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
    },
  });
  const text = await response.text();
  const parsed = text === '' ? undefined : (JSON.parse(text) as { data?: Record<string, unknown> });
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    headers: response.headers,
    text,
    data: parsed?.data ?? null,
  };
}
