import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { errorAnswer, jsonAnswer, type Answer } from './answer.ts';
import { isJson, notJson } from './content-type.ts';
import { readBody } from './read-body.ts';

const offsetSchema = z.strictObject({ offsetSeconds: z.number().min(-1e9).max(1e9) });

/** Moves this service's time to a distance from real time, in seconds. */
export type SetClockOffset = (offsetSeconds: number) => Promise<void>;

/**
 * `POST /demo/clock {offsetSeconds}`: the sandbox moves the service's time together with its own. It exists in
 * demo and test mode only, and hears this machine only. JSON by content type, so that no web page can send it
 * without asking first.
 */
export async function demoClock(request: IncomingMessage, setOffset: SetClockOffset): Promise<Answer> {
  if (request.method !== 'POST')
    return errorAnswer(405, 'METHOD_NOT_ALLOWED', 'Use POST.', { allow: 'POST' });
  if (!isLoopback(request.socket.remoteAddress))
    return errorAnswer(403, 'FORBIDDEN', 'The clock is moved from this machine only.');
  if (!isJson(request)) return notJson();
  const read = await readBody(request);
  const parsed = offsetSchema.safeParse(read.kind === 'body' ? parseJson(read.bytes) : undefined);
  if (!parsed.success) return errorAnswer(400, 'BAD_USER_INPUT', 'Send {"offsetSeconds": number}.');
  await setOffset(parsed.data.offsetSeconds);
  return jsonAnswer(200, parsed.data);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
