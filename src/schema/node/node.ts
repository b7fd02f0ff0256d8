import { brandWithType } from '@pothos/core';
import { resolveNode, resolveNodes, type FoundNode } from '../../resolvers/node.ts';
import { builder } from '../builder.ts';

/** Tells GraphQL the type of a row that was found by its global id. */
function branded(found: FoundNode | null) {
  if (found === null) return null;
  brandWithType(found.row, found.type as never);
  return found.row;
}

builder.queryField('node', (t) =>
  t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: 'A stored object by its id; null when there is none. Never asks a provider.',
    args: { id: t.arg.id({ required: true, description: 'The `id` of an object.' }) },
    resolve: async (_root, args, context) => branded(await resolveNode(context, String(args.id))),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: 'Stored objects by their ids, in the same order; null for each that does not exist.',
    complexity: (args) => ({ field: 1, multiplier: args.ids.length }),
    args: {
      ids: t.arg.idList({ required: true, description: 'Up to 100 ids of objects.' }),
    },
    resolve: (_root, args, context) =>
      resolveNodes(context, args.ids).map(async (found) => branded(await found)),
  }),
);
