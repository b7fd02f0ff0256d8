import {
  coerceInputValue,
  getOperationAST,
  isInputType,
  isNonNullType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type ExecutionArgs,
} from 'graphql';
import { badInput } from './bad-input.ts';
import { pathOfNode, type InputPath } from './input-path.ts';
import type { ServerPlugin } from './plugin.ts';

/**
 * Variables of the wrong type: BAD_USER_INPUT, with the path of the value from the argument that the
 * variable stands for. Costs nothing unless the executor has refused the variables.
 */
export function useVariableInputs(): ServerPlugin {
  return {
    onExecute({ args }) {
      return {
        onExecuteDone({ result, setResult }) {
          if (!('errors' in result) || result.errors === undefined || 'data' in result) return;
          const paths = pathsOfBadVariables(args);
          if (paths.length === 0) return;
          setResult({ errors: result.errors.map((error, index) => badInput(error, paths[index])) });
        },
      };
    },
  };
}

/** In the order in which the executor reports: variables by declaration, inside each one in the order of coercion. */
function pathsOfBadVariables(args: ExecutionArgs): InputPath[] {
  const operation = getOperationAST(args.document, args.operationName);
  return (operation?.variableDefinitions ?? []).flatMap((definition) => {
    const name = definition.variable.name.value;
    const type = typeFromAST(args.schema, definition.type);
    if (type === undefined || !isInputType(type)) return [];
    const given: Readonly<Record<string, unknown>> = args.variableValues ?? {};
    const base = baseOf(args.document, name);
    if (!Object.hasOwn(given, name))
      return isNonNullType(type) && definition.defaultValue === undefined ? [base] : [];
    if (given[name] === null && isNonNullType(type)) return [base];
    const paths: InputPath[] = [];
    coerceInputValue(given[name], type, (path) => paths.push([...base, ...path.map(String)]));
    return paths;
  });
}

const baseOf = (document: DocumentNode, variable: string): InputPath =>
  pathOfNode(document, (node) => node.kind === Kind.VARIABLE && node.name.value === variable) ?? [variable];
