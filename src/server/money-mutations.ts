import {
  getDirectiveValues,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  OperationTypeNode,
  type ExecutionArgs,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { ServerPlugin } from './plugin.ts';

/** True for a field of `Mutation` that may move money. */
export type IsMoneyMoving = (fieldName: string) => boolean;

/**
 * At most one money-moving root field runs per operation, counted as the executor would run them: after
 * fragments, aliases, `@skip` and `@include`. With two, nothing runs: a caller could not tell which of them
 * a lost answer belongs to.
 */
export function useOneMoneyMutation(isMoneyMoving: IsMoneyMoving): ServerPlugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      if (countMoneyMutations(args, isMoneyMoving) <= 1) return;
      const error = new GraphQLError(
        'An operation may have one mutation that moves money. Send them one by one, each with its own key.',
        { extensions: { code: 'TOO_MANY_MONEY_MUTATIONS', http: { status: 400, spec: true } } },
      );
      setResultAndStopExecution({ errors: [error] });
    },
  };
}

function countMoneyMutations(args: ExecutionArgs, isMoneyMoving: IsMoneyMoving): number {
  const { document, schema } = args;
  const operation = getOperationAST(document, args.operationName);
  if (operation?.operation !== OperationTypeNode.MUTATION) return 0;
  const { coerced } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    args.variableValues ?? {},
  );
  // Variables that cannot be coerced: the executor refuses the operation.
  if (coerced === undefined) return 0;

  const variables = coerced;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const entered = new Set<string>();
  /** Fields with one response name are one field: validation has seen to it that they are equal. */
  const responseNames = new Set<string>();
  collect(operation.selectionSet);
  return responseNames.size;

  function collect(set: SelectionSetNode): void {
    for (const selection of set.selections) {
      if (!isIncluded(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        if (isMoneyMoving(selection.name.value)) responseNames.add((selection.alias ?? selection.name).value);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!entered.has(selection.name.value)) {
        entered.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  }

  function isIncluded(selection: SelectionNode): boolean {
    return (
      getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] !== true &&
      getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] !== false
    );
  }
}
