import { resolveChangesCursor } from '../../resolvers/refund-changes.ts';
import { builder } from '../builder.ts';
import { RefundRef } from '../refs.ts';

export const RefundConnection = builder.connectionObject(
  {
    type: RefundRef,
    name: 'RefundConnection',
    description: 'A page of refunds.',
    fields: (t) => ({
      changesCursor: t.string({
        description:
          'For `refundChanges(after:)`: from here on the change feed tells everything that this page does not show yet.',
        resolve: (_connection, _args, context) => resolveChangesCursor(context),
      }),
    }),
  },
  { name: 'RefundEdge', description: 'A refund in a list.' },
);
