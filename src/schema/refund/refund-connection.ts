import { builder } from '../builder.ts';
import { RefundRef } from '../refs.ts';

export const RefundConnection = builder.connectionObject(
  { type: RefundRef, name: 'RefundConnection', description: 'A page of refunds.' },
  { name: 'RefundEdge', description: 'A refund in a list.' },
);
