import type { z } from 'zod';

/** Text that others wrote. Without what PostgreSQL cannot store (NUL, lone surrogates) and cut to length. */
export function safeText(text: string, maxLength: number): string {
  return text
    .slice(0, maxLength)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, ' ');
}

/** Reads an answer's text as one of these objects, or undefined. */
export function readAs<T>(schema: z.ZodType<T>, body: string): T | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const read = schema.safeParse(json);
  return read.success ? read.data : undefined;
}
