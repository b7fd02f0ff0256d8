import type { builder } from './builder.ts';

type QueryFieldBuilder = Parameters<Parameters<typeof builder.queryField>[1]>[0];
type ArgumentBuilder = Pick<QueryFieldBuilder['arg'], 'int' | 'string'>;

/** The arguments of every list that can be read in both directions. */
export const pageArguments = (t: { readonly arg: ArgumentBuilder }) => ({
  first: t.arg.int({
    defaultValue: 20,
    description: 'How many from the start or after `after`, 1 to 100. Not used when `last` is given.',
  }),
  after: t.arg.string({ description: 'Only what comes after this cursor.' }),
  last: t.arg.int({ description: 'How many from the end or before `before`, 1 to 100.' }),
  before: t.arg.string({ description: 'Only what comes before this cursor.' }),
});
