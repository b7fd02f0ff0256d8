import { readFileSync } from 'node:fs';

export type JsonFileResult =
  | { readonly ok: true; readonly document: unknown }
  | { readonly ok: false; readonly message: string };

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the service may not read it',
  EISDIR: 'it is a directory',
};

/**
 * Reads a JSON file. A message names the file and the line, and never quotes the text: the messages of `JSON.parse` do,
 * and the file may hold secrets.
 *
 * @param known what was read of it before; then it is not read again
 */
export function readJsonFile(path: string, known?: string): JsonFileResult {
  let text: string;
  try {
    text = (known ?? readFileSync(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string'
        ? error.code
        : 'unknown error';
    return { ok: false, message: `cannot read ${JSON.stringify(path)}: ${READ_FAILURES[code] ?? code}` };
  }
  try {
    return { ok: true, document: JSON.parse(text) as unknown };
  } catch {
    const before = text.slice(0, firstBadCharacter(text)).split('\n');
    const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
    return { ok: false, message: `${JSON.stringify(path)} is not JSON: something is wrong at ${place}` };
  }
}

/** The index of the first character that makes the text not JSON: the longest beginning that could still become JSON. */
function firstBadCharacter(text: string): number {
  let viable = 0;
  let broken = text.length + 1;
  while (broken - viable > 1) {
    const middle = (viable + broken) >> 1;
    if (couldBecomeJson(text.slice(0, middle))) viable = middle;
    else broken = middle;
  }
  return viable;
}

/** `JSON.parse` complains about the end of a beginning that is fine, and about an earlier place otherwise. */
function couldBecomeJson(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position !== undefined) return Number(position) >= beginning.length;
    return message.includes('end of JSON input');
  }
}
