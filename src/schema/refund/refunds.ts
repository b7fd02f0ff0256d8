import { resolveRefunds, resolveRefundsOfPayment } from '../../resolvers/refund-list.ts';
import { builder } from '../builder.ts';
import { pageSize } from '../complexity.ts';
import { lookArguments } from '../look-arguments.ts';
import { pageArguments } from '../page-arguments.ts';
import { PaymentRef } from '../refs.ts';
import { RefundOrderEnum } from './enums.ts';
import { RefundConnection } from './refund-connection.ts';
import { RefundFilterInput } from './refund-filter.ts';

builder.queryField('refunds', (t) =>
  t.field({
    type: RefundConnection,
    description: 'The refunds of the merchant. A provider that is down gives stored values, never an error.',
    complexity: pageSize,
    args: {
      ...pageArguments(t),
      filter: t.arg({ type: RefundFilterInput, description: 'Which refunds; absent: all.' }),
      order: t.arg({
        type: RefundOrderEnum,
        defaultValue: 'CREATED_AT_DESC',
        description: 'In which order.',
      }),
      ...lookArguments(t),
    },
    resolve: (_root, args, context, info) => resolveRefunds(context, args, info),
  }),
);

builder.objectField(PaymentRef, 'refunds', (t) =>
  t.field({
    type: RefundConnection,
    description: 'The refunds of this payment, newest first. Never asks a provider.',
    complexity: pageSize,
    args: {
      ...pageArguments(t),
      filter: t.arg({ type: RefundFilterInput, description: 'Which of them; absent: all.' }),
    },
    resolve: (payment, args, context, info) => resolveRefundsOfPayment(context, payment, args, info),
  }),
);
