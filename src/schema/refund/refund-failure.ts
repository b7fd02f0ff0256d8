import type { Failure } from '../../errors.ts';
import { builder } from '../builder.ts';
import { RefundErrorCodeEnum, RetryAdviceEnum } from '../error/enums.ts';

export const RefundFailureRef = builder.objectRef<Failure>('RefundFailure').implement({
  description:
    'Why a refund is not going the way it should: what the provider said, or that it said nothing.',
  fields: (t) => ({
    code: t.expose('code', { type: RefundErrorCodeEnum, description: 'The same for all providers.' }),
    message: t.exposeString('message', { description: 'For people; do not parse it.' }),
    retry: t.expose('retry', { type: RetryAdviceEnum, description: 'What to do next.' }),
    providerCode: t.exposeString('providerCode', {
      nullable: true,
      description: "The provider's own word, where it gave one.",
    }),
  }),
});
