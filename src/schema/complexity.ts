import { queryTooComplex } from '../resolvers/request-errors.ts';

/**
 * Limits for one operation. A page of 100 refunds with sources, legs and payment, every field selected,
 * is about 24 000 and 6 deep; a list in a list in a list is beyond any screen.
 */
const limit = { complexity: 40_000, depth: 12, breadth: 600 };

/** How many rows a list shows at most, for counting what is selected in each of them. */
export const pageSize = (args: { first?: number | null; last?: number | null }) => ({
  field: 1,
  multiplier: Math.min(Math.max(args.last ?? args.first ?? 20, 1), 100),
});

export const complexity = {
  defaultComplexity: 1,
  /** Lists that are not pages: legs, sources, errors. They are short. */
  defaultListMultiplier: 2,
  limit,
  complexityError: (
    kind: string,
    result: {
      readonly complexity: number;
      readonly depth: number;
      readonly breadth: number;
      readonly maxComplexity?: number;
      readonly maxDepth?: number;
      readonly maxBreadth?: number;
    },
  ) => {
    if (kind === 'Depth')
      return queryTooComplex(`The operation is ${result.depth} levels deep; ${result.maxDepth} are allowed.`);
    if (kind === 'Breadth')
      return queryTooComplex(
        `The operation selects ${result.breadth} fields; ${result.maxBreadth} are allowed.`,
      );
    return queryTooComplex(
      `The operation costs ${result.complexity}; ${result.maxComplexity} are allowed. Ask for smaller pages or fewer fields.`,
    );
  },
};
