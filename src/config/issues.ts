import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { type Path, valueAt } from './path.ts';

/** Receives a problem and the place in the document where it is. */
export type ReportAt = (path: Path, message: string) => void;

/**
 * Reports what a schema found. The messages name what is allowed and never the value found: zod's do not either, as
 * long as a schema does not write values into messages of its own.
 */
export function reportIssues(
  error: z.ZodError,
  document: unknown,
  prefix: Path,
  knownKeysAt: (path: Path) => readonly string[],
  report: ReportAt,
): void {
  for (const issue of error.issues) {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeysAt(issue.path);
      for (const key of issue.keys) report([...path, key], `is not known here${didYouMean(key, known)}`);
    } else if (valueAt(document, issue.path) === undefined) {
      report(path, 'is missing');
    } else {
      report(
        path,
        issue.code === 'invalid_type' ? `must be ${TYPES[issue.expected] ?? issue.expected}` : issue.message,
      );
    }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text in double quotes',
  number: 'a number without quotes',
  int: 'a whole number without quotes',
  boolean: 'true or false',
  array: 'a list [ … ]',
  object: 'an object { … }',
  record: 'an object { … }',
};
