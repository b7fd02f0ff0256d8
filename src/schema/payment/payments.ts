import { resolvePayments } from '../../resolvers/payment-list.ts';
import { builder } from '../builder.ts';
import { pageSize } from '../complexity.ts';
import { DateTimeRange } from '../money/ranges.ts';
import { pageArguments } from '../page-arguments.ts';
import { PaymentRef } from '../refs.ts';
import { PaymentStatusEnum } from './enums.ts';

const PaymentConnection = builder.connectionObject(
  { type: PaymentRef, name: 'PaymentConnection', description: 'A page of payments.' },
  { name: 'PaymentEdge', description: 'A payment in a list.' },
);

const PaymentFilter = builder.inputType('PaymentFilter', {
  description:
    'Which payments; all given fields together. A `status` without `account` or `orderReference` needs a `createdAt` range of at most 92 days.',
  fields: (t) => ({
    account: t.id({ description: 'Of this account.' }),
    orderReference: t.string({ description: "With this number of the merchant's order." }),
    status: t.field({ type: [PaymentStatusEnum], description: 'In one of these statuses.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'First seen in this time.' }),
  }),
});

builder.queryField('payments', (t) =>
  t.field({
    type: PaymentConnection,
    description:
      'The payments of the merchant that this service has seen, newest first. Never asks a provider.',
    complexity: pageSize,
    args: {
      ...pageArguments(t),
      filter: t.arg({ type: PaymentFilter, description: 'Which payments; absent: all.' }),
    },
    resolve: (_root, args, context) => resolvePayments(context, args),
  }),
);
