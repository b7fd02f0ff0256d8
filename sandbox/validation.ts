import type { z } from 'zod';
import { ControlError } from './control-error.ts';

/** The first problem that a schema found, with the name of the offending field. */
export function firstProblem(error: z.core.$ZodError): ControlError {
  const issue = error.issues[0];
  if (issue === undefined) return new ControlError('body', 'is not valid');
  const parent = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return new ControlError([...parent, issue.keys[0] ?? ''].join('.'), 'is not a known field');
  }
  return new ControlError(parent.join('.') || 'body', issue.message);
}
