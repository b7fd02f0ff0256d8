import {
  resolveRefundChanges,
  type RefundChange,
  type RefundChangePage,
} from '../../resolvers/refund-changes.ts';
import { builder } from '../builder.ts';
import { pageSize } from '../complexity.ts';
import { RefundRef } from '../refs.ts';

const RefundChangeRef = builder.objectRef<RefundChange>('RefundChange').implement({
  description: 'A refund that was made or has changed.',
  fields: (t) => ({
    refund: t.expose('refund', {
      type: RefundRef,
      description: 'The refund as it is now, which may be newer than the change that brought it here.',
    }),
    version: t.exposeInt('version', {
      description: 'Of the refund. Keep what has the highest; it leaps when the database was restored.',
    }),
    changedAt: t.expose('changedAt', { type: 'DateTime', description: 'When it changed last.' }),
  }),
});

const RefundChangePageRef = builder.objectRef<RefundChangePage>('RefundChangePage').implement({
  description: 'What has changed since a cursor.',
  fields: (t) => ({
    changes: t.expose('changes', {
      type: [RefundChangeRef],
      description: 'Oldest change first, each refund once.',
    }),
    cursor: t.exposeString('cursor', {
      description: 'For `after` of the next call. It never expires, not by a restart nor by a restore.',
    }),
    hasMore: t.exposeBoolean('hasMore', { description: 'Whether to ask again at once.' }),
  }),
});

const RefundChangeFilter = builder.inputType('RefundChangeFilter', {
  description:
    'Which refunds; all given fields together. By what a refund never loses: for anything else, look at what has changed.',
  fields: (t) => ({
    account: t.id({ description: 'Of this account.' }),
    payment: t.id({ description: 'Of this payment.' }),
  }),
});

builder.queryField('refundChanges', (t) =>
  t.field({
    type: RefundChangePageRef,
    description:
      'Every refund of the merchant that was made or has changed since a cursor. No change is ever left out. A change appears once all transactions of the database that began before it have ended. Never asks a provider.',
    complexity: pageSize,
    args: {
      after: t.arg.string({
        description:
          'The `cursor` of the last call, or a `changesCursor`. Absent: no changes, the cursor of now.',
      }),
      first: t.arg.int({ required: true, defaultValue: 100, description: 'How many at most, 1 to 100.' }),
      filter: t.arg({ type: RefundChangeFilter, description: 'Which refunds; absent: all.' }),
    },
    resolve: (_root, args, context) => resolveRefundChanges(context, args),
  }),
);
