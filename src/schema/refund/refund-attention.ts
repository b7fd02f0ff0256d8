import type { RefundAttention } from '../../resolvers/refund-fields.ts';
import { builder } from '../builder.ts';
import { AttentionReasonEnum } from './enums.ts';

export const RefundAttentionRef = builder.objectRef<RefundAttention>('RefundAttention').implement({
  description: 'Why a person should look at a refund.',
  fields: (t) => ({
    reason: t.expose('reason', { type: AttentionReasonEnum, description: 'The gravest of the reasons.' }),
    since: t.expose('since', { type: 'DateTime', description: 'Since when it is shown for this reason.' }),
  }),
});
