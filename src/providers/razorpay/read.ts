import { readAs } from '../read-json.ts';
import type { z } from 'zod';
import type { AccountAccess, Look } from '../provider.ts';
import { authorization, isPartner, type RazorpayCredentials } from './credentials.ts';
import { isSuccess, readFailure, saysAbsent } from './errors.ts';

/** GETs one object. One that cannot be read, or is not the `wanted` one, is `unavailable`. */
export async function read<T>(
  access: AccountAccess<RazorpayCredentials>,
  path: string,
  schema: z.ZodType<T>,
  wanted: (value: T) => boolean,
): Promise<Look<T>> {
  const request = { method: 'GET', path, headers: {}, body: null } as const;
  const result = await access.http.read(request, authorization(access.credentials));
  if (saysAbsent(result)) return { kind: 'absent' };
  const value =
    result.kind === 'answer' && isSuccess(result.status) ? readAs(schema, result.text) : undefined;
  if (value !== undefined && wanted(value)) return { kind: 'found', value };
  return { kind: 'unavailable', failure: readFailure(result, isPartner(access.credentials)) };
}
