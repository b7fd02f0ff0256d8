import type { z } from 'zod';

/** Reads JSON as one of these objects, every number in it as the text in which it was written; or undefined. */
export function readExactly<T>(schema: z.ZodType<T>, body: string): T | undefined {
  const numberAsText = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value;
  let json: unknown;
  try {
    json = JSON.parse(body, numberAsText);
  } catch {
    return undefined;
  }
  const read = schema.safeParse(json);
  return read.success ? read.data : undefined;
}
