import type { IncomingMessage } from 'node:http';
import { uuidv7 } from '../ids.ts';

const ACCEPTABLE = /^[\x21-\x7e]{8,128}$/;

/** The caller's `X-Request-Id` when it is 8 to 128 visible ASCII characters, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE.test(given) ? given : uuidv7();
}
