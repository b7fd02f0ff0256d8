import type { IncomingMessage, ServerResponse } from 'node:http';
import { ControlError } from '../control-error.ts';
import { BODY_LIMIT_BYTES, readBody, requestUrl, sendJson } from '../http.ts';
import { Listener } from '../listener.ts';
import { INSPECT_ROUTES } from './inspect.ts';
import { PAYMENT_ROUTES } from './payments.ts';
import type { Routes } from './route.ts';
import { TIME_ROUTES } from './time.ts';
import { TROUBLE_ROUTES } from './trouble.ts';
import type { World } from './world.ts';

const ROUTES: Routes = { ...PAYMENT_ROUTES, ...TROUBLE_ROUTES, ...TIME_ROUTES, ...INSPECT_ROUTES };
const PATHS = new Set(Object.keys(ROUTES).map((key) => key.slice(key.indexOf(' ') + 1)));

/** The control API on its own port. Refusals are `{error: {field, message}}` and change nothing. */
export function createControlListener(world: World): Listener {
  return new Listener((request, response) => {
    answer(request, response, world).catch((error: unknown) => {
      if (error instanceof ControlError) {
        sendJson(response, error.status, { error: { field: error.field, message: error.message } });
        return;
      }
      process.stderr.write(
        `sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      if (!response.headersSent)
        sendJson(response, 500, { error: { field: 'sandbox', message: 'internal error' } });
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, world: World): Promise<void> {
  const url = requestUrl(request);
  const body = await readBody(request);
  if (body === undefined) throw new ControlError('body', `is larger than ${BODY_LIMIT_BYTES} bytes`, 413);
  const method = request.method ?? 'GET';
  const handler = Object.hasOwn(ROUTES, `${method} ${url.pathname}`)
    ? ROUTES[`${method} ${url.pathname}`]
    : undefined;
  if (handler === undefined) {
    if (PATHS.has(url.pathname)) throw new ControlError('method', `${method} is not possible here`, 405);
    throw new ControlError('path', `no such call; there are ${Object.keys(ROUTES).join(', ')}`, 404);
  }
  const fromQuery = method === 'GET' || (method === 'DELETE' && body.length === 0);
  sendJson(
    response,
    200,
    await handler(fromQuery ? Object.fromEntries(url.searchParams) : parse(body), world),
  );
}

function parse(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ControlError('body', 'is not JSON');
  }
}
