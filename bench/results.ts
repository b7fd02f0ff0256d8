import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { barTable } from './report.ts';
import type { Finding } from './run.ts';

const RESULTS = path.resolve(import.meta.dirname, 'results.json');
const DOCUMENT = path.resolve(import.meta.dirname, '../docs/performance.md');
/** What stands above this line in the document is written by hand. */
const MARK = '<!-- Below this line everything is printed by `npm run bench -- --write`. -->';

/** One part of the bench, and when and on what it was measured. Both sides of a ratio are of one part. */
export interface Measured {
  readonly title: string;
  readonly at: string;
  readonly machine: string;
  /** Load average of the machine before it, over one minute. */
  readonly load: number;
  readonly finding: Finding;
}

/** The bars of all parts, then the parts, as Markdown. */
export function renderResults(results: readonly Measured[]): string {
  const parts = results.map(
    ({ title, at, machine, load, finding }) =>
      `## ${title}\n\n*${at}, ${machine}; load of the machine before: ${load.toFixed(2)}.*\n\n${finding.details}`,
  );
  return [barTable(results.flatMap(({ finding }) => finding.bars)), ...parts, ''].join('\n\n');
}

/** Keeps these results in place of earlier ones of the same parts, and prints all into docs/performance.md. */
export async function writeResults(titles: readonly string[], measured: readonly Measured[]): Promise<void> {
  const kept = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as readonly Measured[];
  const results = titles.flatMap((title) => {
    const result = [...measured, ...kept].find((one) => one.title === title);
    return result === undefined ? [] : [result];
  });
  await writeFile(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(DOCUMENT, withResults(await readFile(DOCUMENT, 'utf8'), results));
}

/** The document with these results below what is written by hand. */
export const withResults = (document: string, results: readonly Measured[]): string =>
  `${document.split(MARK)[0]!}${MARK}\n\n${renderResults(results)}`;
