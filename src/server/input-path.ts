import { BREAK, Kind, visit, type ASTNode, type DocumentNode } from 'graphql';

/** Where a value stands in the arguments of a field: `["input", "amount", "money", "value"]`. */
export type InputPath = readonly string[];

/**
 * The way from an argument to a node of the document, which may be a literal value, a field of an input
 * object, or the variable that stands for them; undefined when the node is in no argument.
 */
export function pathOfNode(
  document: DocumentNode,
  isWanted: (node: ASTNode) => boolean,
): InputPath | undefined {
  let found: InputPath | undefined;
  visit(document, {
    enter(node, _key, parent, keys, ancestors) {
      if (!isWanted(node)) return undefined;
      const path = namesOf(parent === undefined ? [node] : [...ancestors, parent, node], keys);
      if (path.length === 0) return undefined;
      found = path;
      return BREAK;
    },
  });
  return found;
}

function namesOf(
  nodes: readonly (ASTNode | readonly ASTNode[])[],
  keys: readonly (string | number)[],
): InputPath {
  const names: string[] = [];
  for (const [index, node] of nodes.entries()) {
    if (!('kind' in node)) {
      // A list of values: the key of what follows is its index.
      const owner = nodes[index - 1];
      const isListValue = owner !== undefined && 'kind' in owner && owner.kind === Kind.LIST;
      const key = keys[index];
      if (isListValue && key !== undefined) names.push(String(key));
    } else if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) names.push(node.name.value);
  }
  return names;
}
