import {
  getOperationAST,
  Kind,
  OperationTypeNode,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
  BREAK,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { dependencyOf } from '../../schema/field-dependencies.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** A root field by which an answer may have a tag. */
export interface PlannedRoot {
  readonly kind: 'refund' | 'node' | 'nodes' | 'refunds';
  /** The value of an argument; undefined: absent. Only for a request that GraphQL itself accepts is it the right one. */
  readonly argument: (name: string, variables: Variables) => unknown;
}

/** What a tag of an operation has to be made of. */
export interface TagPlan {
  readonly operationName: string | undefined;
  readonly roots: readonly PlannedRoot[];
  /** Whether fields of the payment of a refund are selected. */
  readonly countsPayments: boolean;
  /** Variables that are absent from the request. */
  readonly defaults: Variables;
}

const ROOTS: ReadonlySet<string> = new Set<PlannedRoot['kind']>(['refund', 'node', 'nodes', 'refunds']);

/**
 * How an operation of this document gets a tag; undefined: it gets none. Everything that is selected anywhere in the
 * document has to be tracked. Pure; the document need not be valid.
 */
export function planDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): TagPlan | undefined {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== OperationTypeNode.QUERY) return undefined;
  const fields = rootFieldsOf(operation);
  const tracked = fields && trackedBy(schema, document, new Set(fields));
  if (fields === undefined || tracked === undefined) return undefined;
  const roots = fields.flatMap(({ name, arguments: given = [] }): PlannedRoot[] => {
    if (!isRootKind(name.value)) return [];
    const values = new Map(given.map((argument) => [argument.name.value, argument.value]));
    const argument: PlannedRoot['argument'] = (argumentName, variables) => {
      const node = values.get(argumentName);
      return node && valueFromASTUntyped(node, variables as Record<string, unknown>);
    };
    return [{ kind: name.value, argument }];
  });
  const lists = roots.filter(({ kind }) => kind === 'refunds').length;
  // The feed says nothing of payments. What two lists show is not told apart.
  if (lists > 1 || (lists === 1 && (tracked.countsPayments || roots.length > 1))) return undefined;
  return {
    operationName: operation.name?.value,
    roots,
    countsPayments: tracked.countsPayments,
    defaults: defaultsOf(operation),
  };
}

const isRootKind = (name: string): name is PlannedRoot['kind'] => ROOTS.has(name);

/** Undefined where the root has more than plain fields, which is rare: what they ask for may depend on anything. */
function rootFieldsOf(operation: OperationDefinitionNode): FieldNode[] | undefined {
  const fields = operation.selectionSet.selections.filter((selection) => selection.kind === Kind.FIELD);
  const isPlain = fields.every(({ directives = [] }) => directives.length === 0);
  return isPlain && fields.length === operation.selectionSet.selections.length ? fields : undefined;
}

function trackedBy(
  schema: GraphQLSchema,
  document: DocumentNode,
  roots: ReadonlySet<FieldNode>,
): { readonly countsPayments: boolean } | undefined {
  const types = new TypeInfo(schema);
  let isTracked = true;
  let countsPayments = false;
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const name = node.name.value;
        const dependency = roots.has(node)
          ? rootDependency(name)
          : dependencyOf(types.getParentType()?.name ?? '', name);
        isTracked = dependency !== undefined && dependency !== 'untracked';
        countsPayments ||= dependency === 'payment';
        return isTracked ? undefined : BREAK;
      },
    }),
  );
  return isTracked ? { countsPayments } : undefined;
}

const rootDependency = (name: string): 'fixed' | undefined =>
  ROOTS.has(name) || name.startsWith('__') ? 'fixed' : undefined;

const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Variables =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
    ),
  );
