import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Shown } from './fault-catalogue.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** A text that is followed by a function: the title of a test or of a group, also after a table. */
const TITLE = /(['"`])((?:\\.|(?!\1)[^\\\n])*)\1,\s*(?:\{[^}]*\},\s*)?(?:async\s*)?(?:\(|\w+\s*=>)/g;

/** The titles of all tests and groups of a file, as they stand in its source; undefined when there is no file. */
export async function titlesOf(file: string): Promise<ReadonlySet<string> | undefined> {
  const source = await readFile(path.join(ROOT, file), 'utf8').catch(() => undefined);
  if (source === undefined) return undefined;
  return new Set([...source.matchAll(TITLE)].map(([, , title]) => title!.replaceAll(/\\(['"`])/g, '$1')));
}

/** What of these does not exist: files, and tests in them. */
export async function missing(shown: readonly Shown[]): Promise<string[]> {
  const found = await Promise.all(
    shown.map(async ({ file, tests }) => {
      const titles = await titlesOf(file);
      if (titles === undefined) return [`${file} does not exist`];
      return tests.filter((title) => !titles.has(title)).map((title) => `${file} has no test "${title}"`);
    }),
  );
  return found.flat();
}
