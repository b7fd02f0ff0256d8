import type { GraphQLContext } from '../resolvers/context.ts';
import { planOfOperation } from '../resolvers/plan-of-operation.ts';
import type { ServerPlugin } from './plugin.ts';

/** Adds `extensions.plan` to the answer of an operation that wanted fresh data, for viewers with the scope `debug`. */
export function usePlanExtension(): ServerPlugin {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (Symbol.asyncIterator in result) return;
        const plan = planOfOperation(args.contextValue as unknown as GraphQLContext);
        if (plan !== undefined) setResult({ ...result, extensions: { ...result.extensions, plan } });
      },
    }),
  };
}
