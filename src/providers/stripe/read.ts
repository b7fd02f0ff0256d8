import type { z } from 'zod';
import { readAs } from '../read-json.ts';
import type { AccountAccess, Look } from '../provider.ts';
import { authorization, type StripeCredentials } from './credentials.ts';
import { isSuccess, readFailure, saysAbsent } from './errors.ts';
import { API_VERSION } from './wire.ts';

/** GETs one object. One that cannot be read, or is not the `wanted` one, is `unavailable`. */
export async function read<T>(
  access: AccountAccess<StripeCredentials>,
  path: string,
  schema: z.ZodType<T>,
  wanted: (value: T) => boolean,
): Promise<Look<T>> {
  const request = { method: 'GET', path, headers: { 'Stripe-Version': API_VERSION }, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  if (saysAbsent(result)) return { kind: 'absent' };
  const value =
    result.kind === 'answer' && isSuccess(result.status) ? readAs(schema, result.text) : undefined;
  if (value !== undefined && wanted(value)) return { kind: 'found', value };
  return { kind: 'unavailable', failure: readFailure(result) };
}
