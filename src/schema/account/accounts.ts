import { resolveAccounts } from '../../resolvers/account-list.ts';
import { builder } from '../builder.ts';
import { pageSize } from '../complexity.ts';
import { AccountRef } from '../refs.ts';

const AccountConnection = builder.connectionObject(
  { type: AccountRef, name: 'ProviderAccountConnection', description: 'A page of accounts.' },
  { name: 'ProviderAccountEdge', description: 'An account in a list.' },
);

builder.queryField('accounts', (t) =>
  t.field({
    type: AccountConnection,
    description: 'The accounts of the merchant, in the order in which they were first configured.',
    complexity: pageSize,
    args: {
      first: t.arg.int({ defaultValue: 50, description: 'How many, 1 to 100.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor.' }),
    },
    resolve: (_root, args, context) => resolveAccounts(context, args),
  }),
);
