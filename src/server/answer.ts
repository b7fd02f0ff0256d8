import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a handler answers with, complete. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const jsonAnswer = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
});

/** A refusal before GraphQL is reached, in the shape in which a GraphQL client expects errors. */
export const errorAnswer = (
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => jsonAnswer(status, { errors: [{ message, extensions: { code } }] }, headers);

/** Writes headers and body; HEAD gets the headers only. The caller ends the response. */
export function writeAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    // The length of nothing is not that of the answer which a 304 stands for (RFC 9110, section 8.6).
    ...(answer.status === 304 ? {} : { 'content-length': Buffer.byteLength(answer.body) }),
    'cache-control': answer.headers['cache-control'] ?? 'no-store',
    'x-content-type-options': 'nosniff',
  });
  if (request.method !== 'HEAD' && answer.status !== 304) response.write(answer.body);
}
