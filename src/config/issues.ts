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
    const at = placeIn(document, issue.path);
    const path = [...prefix, ...at];
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeysAt(issue.path);
      for (const key of issue.keys) report([...path, key], `is not known here${didYouMean(key, known)}`);
    } else if (valueAt(document, at) === undefined) {
      report(path, 'is missing');
    } else {
      report(path, inWords(issue));
    }
  }
}

/** Where a schema takes one value for a list of one, the place of that value: the document has no list there. */
function placeIn(document: unknown, path: Path): Path {
  const parent = path.slice(0, -1);
  const holder = valueAt(document, parent);
  const isInside = path.length === 0 || typeof holder === 'object' || holder === undefined;
  return isInside ? path : placeIn(document, parent);
}

/** What is allowed, in one way of speaking for all fields; other messages are those of the schemas. */
function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values)}`;
  if (issue.code === 'invalid_union' && 'options' in issue) return `must be ${oneOf(issue.options ?? [])}`;
  if (issue.code === 'too_small' && issue.origin !== 'string' && issue.origin !== 'array')
    return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big' && issue.origin !== 'string' && issue.origin !== 'array')
    return `must be at most ${issue.maximum}`;
  return issue.message;
}

const oneOf = (values: readonly z.core.util.Primitive[]): string =>
  `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text in double quotes',
  number: 'a number without quotes',
  int: 'a whole number without quotes',
  boolean: 'true or false',
  array: 'a list [ … ]',
  object: 'an object { … }',
  record: 'an object { … }',
};
