import type { IncomingMessage, ServerResponse } from 'node:http';

/** The largest request body that is read, on every port. */
export const BODY_LIMIT_BYTES = 1_048_576;

/** Reads a whole body; undefined when it is larger than the limit. Rejects when the client goes away. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
  }
  return size > BODY_LIMIT_BYTES ? undefined : Buffer.concat(chunks);
}

/** The target of a request; one that is no path, such as `//`, counts as a path that does not exist. */
export function requestUrl(request: IncomingMessage): URL {
  return URL.parse(`http://127.0.0.1${request.url ?? '/'}`) ?? new URL('http://127.0.0.1/not-a-path');
}

/** Sends a JSON answer in one piece. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': text.length,
  });
  response.end(text);
}
