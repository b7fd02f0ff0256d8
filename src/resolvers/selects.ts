import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/** Whether the field that is being resolved has this field selected in it, directly or by fragments; `@skip` and `@include` are not looked at. */
export function selects(info: GraphQLResolveInfo, name: string): boolean {
  const isIn = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((selection) => {
      if (selection.kind === 'Field') return selection.name.value === name;
      if (selection.kind === 'InlineFragment') return isIn(selection.selectionSet);
      return isIn(info.fragments[selection.name.value]?.selectionSet);
    }) ?? false;
  return info.fieldNodes.some((node) => isIn(node.selectionSet));
}
