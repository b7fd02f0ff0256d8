import type { builder } from './builder.ts';

type QueryFieldBuilder = Parameters<Parameters<typeof builder.queryField>[1]>[0];

/** How fresh the refunds of a root field shall be. */
export const lookArguments = (t: { readonly arg: Pick<QueryFieldBuilder['arg'], 'int'> }) => ({
  maxAgeSeconds: t.arg.int({
    description:
      'Ask the provider about what is open and was looked at longer ago, 0 to 86400. Absent: do not ask.',
  }),
  waitMs: t.arg.int({
    defaultValue: 0,
    description:
      'Wait this long for the provider, 0 to 10000; then the stored answer is given and `isStale` says so. 0: ask in the background.',
  }),
});
