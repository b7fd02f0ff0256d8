import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorAnswer, type Answer } from './answer.ts';

/** The largest request body, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;

/** How long a refused body is still read and thrown away, in milliseconds, so that its sender can see the answer. */
const LINGER_MS = 2_000;

/** `cut`: the caller went away in the middle. */
export type ReadBody =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'cut' };

/** Reads at most `MAX_BODY_BYTES`, whatever Content-Length says or does not say. */
export function readBody(request: IncomingMessage): Promise<ReadBody> {
  return new Promise((resolve) => {
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES)
      return resolve({ kind: 'too-large' });
    let received = EMPTY;
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      const start = size;
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        received = EMPTY;
        resolve({ kind: 'too-large' });
      } else received = appended(received, start, chunk);
    });
    request.on('end', () => {
      resolve({ kind: 'body', bytes: received.subarray(0, size) });
      received = EMPTY;
    });
    request.on('error', () => resolve({ kind: 'cut' }));
    request.on('close', () => resolve({ kind: 'cut' }));
  });
}

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * The chunk behind the first `size` bytes. One buffer that doubles, not a list of chunks: a body that comes
 * byte by byte would make a list a few hundred times as large as itself.
 */
function appended(received: Buffer, size: number, chunk: Buffer): Buffer {
  // The usual case: the whole body in one chunk, not copied at all.
  if (size === 0) return chunk;
  const needed = size + chunk.length;
  let room = received;
  if (needed > received.length) {
    room = Buffer.allocUnsafe(Math.min(MAX_BODY_BYTES, Math.max(needed, 2 * received.length)));
    received.copy(room, 0, 0, size);
  }
  chunk.copy(room, size);
  return room;
}

export const bodyTooLarge = (): Answer =>
  errorAnswer(413, 'PAYLOAD_TOO_LARGE', `The request body is larger than ${MAX_BODY_BYTES} bytes.`, {
    connection: 'close',
  });

/**
 * Ends a response whose request was not read to its end. Closing at once would reset the connection, and the
 * caller would see that instead of the answer: the rest is thrown away for a while first (RFC 9112, section
 * 9.6).
 */
export function endAfterDiscarding(request: IncomingMessage, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      response.end();
      resolve();
    };
    const timer = setTimeout(finish, LINGER_MS);
    request.on('end', finish);
    request.on('close', finish);
    request.resume();
  });
}
