/** What the generated parts of connections and nodes are called and say. */
export const relayDescriptions = {
  nodeTypeOptions: { description: 'An object with an id that is unique in the whole API.' },
  // Of our own in node.ts: a malformed id is answered like an absent one.
  nodeQueryOptions: false,
  nodesQueryOptions: false,
  idFieldOptions: { description: 'Opaque and unique in the whole API. Store it as it is.' },
  cursorType: 'String',
  pageInfoTypeOptions: { description: 'Where a page stands in its list.' },
  pageInfoFieldOptions: { description: 'Where this page stands in the list.', complexity: 0 },
  hasNextPageFieldOptions: { description: 'There is something after this page.' },
  hasPreviousPageFieldOptions: { description: 'There is something before this page.' },
  startCursorFieldOptions: {
    description: 'Cursor of the first entry; pass it as `before`. Null on an empty page.',
  },
  endCursorFieldOptions: {
    description: 'Cursor of the last entry; pass it as `after`. Null on an empty page.',
  },
  // The list field itself counts how many entries there are.
  edgesFieldOptions: {
    description: 'The entries of the page with their cursors.',
    nullable: { list: false, items: false },
    complexity: { field: 0, multiplier: 1 },
  },
  nodesOnConnection: { description: 'The entries of the page.', complexity: { field: 0, multiplier: 1 } },
  nodeFieldOptions: { description: 'The entry itself.', nullable: false, complexity: 0 },
  cursorFieldOptions: { description: 'The place of this entry in the list.' },
} as const;
